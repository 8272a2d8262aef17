"""The reference implementation's configuration, parameter names and checkpoints, read and written."""

from vits.reference.reference_synthesizer import reference_state_dict, synthesizer_from_reference

__all__ = ["reference_state_dict", "synthesizer_from_reference"]
