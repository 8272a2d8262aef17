"""The comparison of an experiment's cells as a page to read and listen to, as Markdown and as tables."""
