"""One page of the explorer a file: its widgets, its figures, and what it teaches."""
