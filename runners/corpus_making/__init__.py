"""Recordings of synthetic voices: Kokoro-82M, what it shall say, and the folder they are written to."""
