"""Speech of other systems, scored by the judges and against the recordings of an experiment's cells."""
