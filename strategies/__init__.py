"""What an adaptation is made of: one small registered class for each choice on each axis (`adaptation`)."""
