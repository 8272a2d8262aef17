"""From spelling to the numbers the text encoder reads: phonemes, symbols, tokens."""
