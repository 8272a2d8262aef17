"""A listening test: what each rater hears, and the page; the answers are read by the report (`reporting.ears`)."""
