"""Which weights are kept of those that training passed through: one `Average` a file."""
