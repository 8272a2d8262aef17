"""One voice in one file: what it changes of a base, taken out of a cell and put on the base again."""
