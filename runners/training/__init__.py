"""Optimizer steps: what they minimise, how they are resumed, and training with evaluations between."""
