"""Recorded speech with its text: reader -> clips -> split -> prepared utterances -> batches."""
