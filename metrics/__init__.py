"""How a synthesised utterance is judged: one file per metric, and the judges' weights."""
