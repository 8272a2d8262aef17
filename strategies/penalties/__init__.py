"""What the loss gains beside the model's own terms: one `Penalty` a file."""
