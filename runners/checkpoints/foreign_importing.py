"""From a VITS of another project to a base bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runners.checkpoints.imported_card import imported_card
from runners.checkpoints.loaded_discriminator import load_discriminator
from runners.checkpoints.trained_speakers import by_row, read_clips, voiceprints
from runners.cli.checkpoint_arguments import ImportCheckpointArguments
from vits.adversary import Adversary
from vits.bundle import BaseSpeaker, Bundle, save_bundle
from vits.common.errors import InputError
from vits.common.readers import read_json
from vits.corpus.clip import Clip
from vits.formats.foreign_files import ForeignFiles
from vits.formats.foreign_model import ForeignModel
from vits.formats.known_formats import FORMATS
from vits.reference.name_rules import renamed
from vits.reference.reference_checkpoint import read_reference_checkpoint
from vits.reference.reference_names import MULTI_PERIOD_DISCRIMINATOR
from vits.text.alphabet import ENGLISH
from vits.trained_on import FILE, TrainedOn

AUDIO = "audio"
GROWN = (
    "it was a model of one voice: it is given a speaker table and projections of it that add nothing yet, so it can't "
    "know how voices differ; every new voice starts as this one and learns from its recordings alone, and "
    "freeze=all_but_embedding moves nothing at first"
)


def import_foreign(arguments: ImportCheckpointArguments, files: ForeignFiles, name: str) -> None:
    """Read a model of the format `name`, write the bundle, and say what is missing and what that costs.

    Raises:
        InputError: a file is missing, damaged or doesn't fit the others; nothing is written then.
    """
    if arguments.optimizer or arguments.DUR:
        given = "optimizer=true" if arguments.optimizer else "DUR=..."
        raise InputError(f"{given} is for format=mb_istft_vits2; import a {name} model without it")
    symbols = read_json(Path(arguments.symbols), list[str]) if arguments.symbols else None
    model = FORMATS[name].read(files, symbols, arguments.language)
    synthesizer = model.synthesizer()
    clips = _clips(arguments, len(model.speakers))
    trained = _discriminator(arguments.D, model)
    bundle = Bundle(
        spec=model.sizes.spec,
        synthesizer=synthesizer,
        adversary=trained or Adversary({}),
        speakers=_speakers(model, clips),
        voiceprints=voiceprints(by_row(clips), len(model.speakers), heard=bool(clips and arguments.wavs)),
        trained_adversary=trained is not None,
    )
    beside = {FILE: TrainedOn.of(clips).text} if clips else {}
    save_bundle(bundle, Path(arguments.out), _card(files, name, model, bundle), beside)
    _say(arguments.out, name, model, bundle)


def _clips(arguments: ImportCheckpointArguments, n_speakers: int) -> list[Clip]:
    if arguments.filelist is None:
        return []
    transcripts = Path(arguments.transcripts) if arguments.transcripts else None
    return read_clips(Path(arguments.filelist), Path(arguments.wavs or ""), transcripts, n_speakers)


def _speakers(model: ForeignModel, clips: Sequence[Clip]) -> tuple[BaseSpeaker, ...]:
    """The voices; without a list of recordings, one utterance stands for the unknown number that trained each."""
    counts = {row: len(paths) for row, paths in by_row(clips).items()}
    return tuple(BaseSpeaker(name, counts.get(row, 0) if clips else 1) for row, name in enumerate(model.speakers))


def _discriminator(file: str | None, model: ForeignModel) -> Adversary | None:
    """The trained discriminator of the model's own files, or of another file; none where there is none."""
    tensors, source = model.discriminator, model.source
    if file is not None:
        tensors, source = renamed(read_reference_checkpoint(Path(file)).tensors, MULTI_PERIOD_DISCRIMINATOR), file
    if not tensors:
        print("warning: no audio discriminator: adaptation begins with one made of noise, and audio may suffer")
        return None
    adversary = model.sizes.spec.adversary()
    load_discriminator(adversary, AUDIO, tensors, f"the discriminator of {source}")
    return adversary


def _say(out: str, name: str, model: ForeignModel, bundle: Bundle) -> None:
    alphabet, analysis = model.sizes.alphabet, bundle.spec.analysis()
    if model.of_one_voice:
        print(f"warning: {GROWN}")
    language = alphabet.get("language") or "an unknown language"
    print(
        f"wrote {out}: {name}, {len(bundle.speakers)} voices, {len(bundle.trained_rows)} of them trained, "
        f"{analysis.sample_rate:,} Hz, {len(alphabet['symbols'])} symbols ({alphabet['name'].replace('_', ' ')}) of "
        f"{language}"
    )
    if language != ENGLISH and alphabet.get("language"):
        print(f"adapt it with data.language={language}")


def _card(files: ForeignFiles, name: str, model: ForeignModel, bundle: Bundle) -> str:
    origin = f"{files.checkpoint.name} with {files.config_path.name} ({name})"
    of_one_voice = [f"Of one voice: {GROWN}."] if model.of_one_voice else []
    discriminators = "trained" if bundle.trained_adversary else "none came with it"
    return imported_card(bundle, origin, [*of_one_voice, f"Discriminators: {discriminators}."])
