"""What training may move, and how fast: one `FreezePolicy` a file."""
