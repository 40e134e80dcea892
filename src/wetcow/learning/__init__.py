"""Learning: a one-shot classifier of wave modes [26-28]."""
