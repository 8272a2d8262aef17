"""What tests and injected faults begin with: a miniature model, a base of it, and a handful of clips of two voices.

The project's packages are imported where they are used, since tests have them checked from their first import on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vits.bundle import Bundle
    from vits.model_spec import ModelSpec

ROOT = Path(__file__).parents[1]
VOICES = ROOT / "assets" / "demo_voices"
SPEAKERS = ("040", "041")
CLIPS = {"train": 4, "validation": 1, "test": 1}
UNTRAINED = 2
BASE_SPEAKERS = ("ada", "ben", "nobody", "cleo", "dan")
NARROW = (
    "model.latent_channels=8",
    "model.hidden_channels=16",
    "model.filter_channels=32",
    "model.speaker_channels=8",
    "model.posterior_encoder.n_layers=2",
    "model.flow.n_layers=1",
    "model.flow.n_steps=2",
    "model.duration_predictor.filter_channels=16",
)
"""What makes all of the model `tiny` small but its decoder."""
MINIATURE = (
    "model/decoder=multi_band_istft",
    *NARROW,
    "model.decoder.initial_channels=16",
    "model.decoder.resblock_kernel_sizes=[3]",
    "model.decoder.resblock_dilations=[[1,3]]",
    "model.adversary.audio.discriminator.width=16",
    "model.adversary.audio.discriminator.periods=[2,3]",
)
"""What makes the model `tiny` so small that a training step takes milliseconds."""


def compose_model(option: str, overrides: Sequence[str] = ()) -> ModelSpec:
    """The model that an option of `conf/model` and overrides compose to."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from vits.model_spec import ModelSpec

    with initialize_config_dir(version_base=None, config_dir=str(ROOT / "conf")):
        composed = compose(f"model/{option}", overrides=list(overrides))
    parts: Any = OmegaConf.to_container(composed.model, resolve=True)
    return ModelSpec(parts)


def sizes(node: Mapping[str, Any], prefix: str = "model") -> Iterator[str]:
    """Overrides that make the model `tiny` one of other sizes."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield from sizes(value, f"{prefix}.{key}")
        elif isinstance(value, (int, list)) and not isinstance(value, bool):
            yield f"{prefix}.{key}={value}".replace(" ", "")


def random_base(spec: ModelSpec) -> Bundle:
    """Random weights, four speakers with random voiceprints, and a row in their midst that was never trained."""
    import torch
    from torch.nn.functional import normalize

    from vits.bundle import BaseSpeaker, Bundle

    torch.manual_seed(0)
    synthesizer = spec.synthesizer(len(BASE_SPEAKERS))
    for coupling in synthesizer.flow.couplings:  # at first these are zero, and zero has no gradient to share
        torch.nn.init.normal_(coupling.shift.projection.weight, std=0.1)
    voiceprints = normalize(torch.randn(len(BASE_SPEAKERS), 192), dim=1)
    voiceprints[UNTRAINED] = 0
    speakers = tuple(BaseSpeaker(name, 0 if row == UNTRAINED else 10) for row, name in enumerate(BASE_SPEAKERS))
    return Bundle(spec, synthesizer, spec.adversary(), speakers, voiceprints)


def write_corpus(folder: Path, put: Callable[[Path, Path], object]) -> None:
    """The first clips of each split of two demo voices; `put` brings a recording to its place."""
    header, *lines = (VOICES / "metadata.csv").read_text(encoding="utf-8").splitlines()
    assert header == "path|speaker|text|split"
    seen: Counter[tuple[str, str]] = Counter()
    kept = [header]
    for line in lines:
        path, speaker, _, split = line.split("|")
        seen[speaker, split] += 1
        if speaker in SPEAKERS and seen[speaker, split] <= CLIPS[split]:
            kept.append(line)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            put(VOICES / path, folder / path)
    (folder / "metadata.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
