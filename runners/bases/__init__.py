"""Where the model of a cell comes from."""
