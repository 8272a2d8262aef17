"""Where a new voice starts (`EmbeddingInit`) and what training may move (`FreezePolicy`), one small class each."""
