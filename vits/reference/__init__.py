"""The reference implementation's configuration, parameter names and checkpoints, read and written."""
