"""One cell: what it is, what it is called, and its way from recordings to scores."""
