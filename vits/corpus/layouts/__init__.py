"""The ways in which corpora lie around, one file each."""
