"""Faults of many kinds, a process for each, and what is made of how it ends."""
