"""What may spoil an experiment before it begins: checks of a corpus, of its recordings and of what the base knows."""
