"""What there is to see on each page, computed by plain functions that need no browser."""
