"""Which differences between systems the scores can carry: effects, the best, verdicts, and what a plan could show."""
