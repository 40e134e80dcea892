"""Training by gradient, from the construction on."""
