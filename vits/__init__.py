"""MB-iSTFT-VITS2: the model's parts by their names in the papers, its text and mel front end, corpora, checkpoints."""
