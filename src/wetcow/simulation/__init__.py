"""Integration of modes and networks: `simulate`, `sweep`, and their results."""
