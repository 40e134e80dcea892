"""Claims of the paper beyond its figures, each with peers in the same run."""
