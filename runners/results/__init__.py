"""What cells leave behind on disk, and how it is read again."""
