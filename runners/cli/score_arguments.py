"""What scoring another system's audio asks for."""

from __future__ import annotations

from dataclasses import dataclass

from runners.cli.arguments import argument
from vits.common.names import check_name


@dataclass
class ScoreArguments:
    """Whose audio is scored, on which voices, and in whose report it stands."""

    audio: str = argument("a folder with the audio and its metadata.csv (path|speaker|text), speakers as in the corpus")
    voices: str = argument("the corpus folder of the voices that it imitates, the one that the cells were adapted to")
    name: str = argument("what the system is called in the report")
    experiment: str = argument("the experiment whose cells it stands beside", "demo")
    results: str = argument("where experiments are", "runs")
    metrics: str | None = argument("metrics separated by commas; by default those of the cells", None)
    device: str = argument("auto, cpu, cuda or mps", "auto")

    def __post_init__(self) -> None:
        check_name(self.name, "name")
        check_name(self.experiment, "experiment")
