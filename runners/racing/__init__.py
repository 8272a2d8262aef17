"""Racing: the cells of a sweep advance from evaluation to evaluation, and those stop that can't become the best."""
