"""A listening test: what each rater hears (`plan`), the page (`page`), and the files of answers (`answers`)."""
