"""The parts of a report, one a file, each a function from the analysis to a section."""
