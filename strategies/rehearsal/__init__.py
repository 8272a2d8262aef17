"""What is trained along with the new voices' recordings: one `Rehearsal` a file."""
