"""Pretraining a base model on many voices: what a run is, its steps, its validations, and the bundle it makes."""
