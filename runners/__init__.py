"""Entry points, and the experiment they run, step by step."""
