"""Recordings of voices, prepared for the model and for the judges."""
