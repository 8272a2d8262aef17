"""What is added to the base for new voices: one `Adapter` a file."""
