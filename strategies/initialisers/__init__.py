"""Where a new voice starts: one `EmbeddingInit` a file."""
