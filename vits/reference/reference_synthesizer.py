"""The reference implementation's generator as ours, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from vits.checkpoint import load_strict
from vits.reference.name_rules import reference_named, renamed
from vits.reference.reference_config import model_spec_from_reference, speakers_in_reference
from vits.reference.reference_names import synthesizer_table
from vits.synthesizer import Synthesizer


def synthesizer_from_reference(config: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> Synthesizer:
    """The synthesizer of a reference configuration (its JSON, as a mapping) with a reference checkpoint's weights.

    Raises:
        InputError: the configuration is of a kind that isn't built here, or names or shapes don't fit it.
    """
    synthesizer = model_spec_from_reference(config).synthesizer(speakers_in_reference(config))
    table = synthesizer_table(synthesizer)
    load_strict(synthesizer, renamed(state_dict, table), source="the reference checkpoint")
    return synthesizer.eval()


def reference_state_dict(synthesizer: Synthesizer) -> dict[str, Tensor]:
    """The synthesizer's tensors under the reference's names; new speakers follow the base speakers in one table.

    Raises:
        InputError: the synthesizer has a part that the reference doesn't know.
    """
    state = {
        name: tensor for name, tensor in synthesizer.state_dict().items() if not name.startswith("speaker_embedding.")
    }
    if isinstance(synthesizer.speaker_embedding.weight, nn.Parameter):  # a model of one voice has no table
        state["speaker_embedding.weight"] = synthesizer.speaker_embedding.rows().detach()
    return reference_named(state, synthesizer_table(synthesizer))
