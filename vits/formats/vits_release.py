"""Checkpoints of the original release of VITS: `G_*.pth` and its `config.json`.

Its names are those that the reference implementation took over; what it lacks is VITS2's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from vits.common.errors import InputError
from vits.common.readers import shown_path
from vits.formats.foreign_files import ForeignFiles
from vits.formats.foreign_model import ForeignModel
from vits.formats.vits_sizes import Part, VitsSizes
from vits.reference.config_section import Section
from vits.reference.reference_config import analysis_of, check_hop, upsampling_of
from vits.reference.reference_names import synthesizer_table
from vits.text.symbols import SYMBOLS, VITS_SYMBOLS

ENGLISH_CLEANERS = "english_cleaners2"
SPEAKER_ROWS = "emb_g.weight"
SYMBOL_ROWS = "enc_p.emb.weight"


def read_vits_release(files: ForeignFiles, symbols: Sequence[str] | None, language: str | None) -> ForeignModel:
    """A model of the release. Its symbols stand in its code, so another alphabet than that must be given.

    Raises:
        InputError: the files are damaged or don't fit each other, or the alphabet or the language isn't known.
    """
    source, told = shown_path(files.checkpoint), shown_path(files.config_path)
    model, data = (Section.of(files.config, name, told) for name in ("model", "data"))
    tensors = files.weights(files.content().get("model"), "'model'")
    n_symbols = symbol_rows(tensors, SYMBOL_ROWS, source)
    alphabet = {
        "name": "phonemes",
        "symbols": list(symbols or _symbols(n_symbols, source)),
        "blank": 0 if data.flag("add_blank") else None,
        "language": language or _language(data),
    }
    check_hop(model, data, 1)
    sizes = release_sizes(model, analysis_of(data), n_symbols, alphabet, of_one_voice=SPEAKER_ROWS not in tensors)
    rows = len(tensors[SPEAKER_ROWS]) if SPEAKER_ROWS in tensors else 1
    return ForeignModel(sizes, tensors, synthesizer_table, [str(row) for row in range(rows)], source)


def release_sizes(model: Section, analysis: Part, n_symbols: int, alphabet: Part, *, of_one_voice: bool) -> VitsSizes:
    """The sizes that the release's code takes from its configuration, and those that it has in itself.

    Raises:
        InputError: a setting is missing or isn't built here.
    """
    hidden, stochastic = model.count("hidden_channels"), model.flag("use_sdp", default=True)
    model.must_be("use_spectral_norm", False)
    return VitsSizes(
        latent_channels=model.count("inter_channels"),
        hidden_channels=hidden,
        filter_channels=model.count("filter_channels"),
        speaker_channels=0 if of_one_voice else model.count("gin_channels"),
        n_symbols=n_symbols,
        n_heads=model.count("n_heads"),
        n_layers=model.count("n_layers"),
        kernel_size=model.count("kernel_size"),
        dropout=model.number("p_dropout"),
        durations={
            "name": "stochastic" if stochastic else "deterministic",
            "filter_channels": hidden if stochastic else 256,
            "kernel_size": 3,
            "dropout": 0.5,
        },
        upsampling=upsampling_of(model),
        analysis=analysis,
        alphabet=alphabet,
    )


def symbol_rows(tensors: Mapping[str, Tensor], name: str, source: str) -> int:
    """How many symbols a text encoder reads.

    Raises:
        InputError: it has no embedding of them.
    """
    if name not in tensors or not len(tensors[name].shape):
        raise InputError(f"{source} lacks 1 tensors ({name}): it is no VITS; give another checkpoint or format=...")
    return len(tensors[name])


def _symbols(n_symbols: int, source: str) -> Sequence[str]:
    """The alphabet of so many symbols, where it is one that is known."""
    for known in (VITS_SYMBOLS, SYMBOLS):
        if len(known) == n_symbols:
            return known
    raise InputError(
        f"{source} reads {n_symbols} symbols, which aren't the {len(VITS_SYMBOLS)} of VITS; "
        "give symbols=<a JSON list of them, in the order of their ids>"
    )


def _language(data: Section) -> str:
    cleaners = data.get("text_cleaners", [])
    if cleaners != [ENGLISH_CLEANERS]:
        raise data.refuse("text_cleaners", cleaners, "say language=<espeak's code> of the phonemes it was trained on")
    return "en-us"
