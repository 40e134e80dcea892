"""Images that are unlike those learned: corrupted ones, letters."""
