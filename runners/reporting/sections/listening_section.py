"""Some sentences as every system speaks them."""

from __future__ import annotations

from runners.reporting.analysis import Analysis
from runners.reporting.document import Section
from runners.reporting.listening_audio import listening
from runners.reporting.numbers import counted


def listening_section(analysis: Analysis) -> Section:
    settings = analysis.settings
    found = listening(
        analysis.experiment, list(analysis.systems.values()), analysis.headline, settings.sentences, settings.audio_mb
    )
    how = (
        f"{counted(len(found.sentences), 'test sentence')}, the voices in turn and each with its next sentence by "
        "name, not chosen by how they sound: the recording, then every system in the order of the ranking"
    )
    seeds = f", seed {analysis.experiment.seeds[0]} or its first" if len(analysis.experiment.seeds) > 1 else ""
    return Section("listen", "Listen", (f"{how}{seeds}. Below each stands what Whisper heard.",), (found,))
