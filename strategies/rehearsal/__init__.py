"""Which base voices are trained along with the new ones: one `Rehearsal` a file."""
