"""Results in files: stores that are written while running, checkpoints, and who wrote what."""
