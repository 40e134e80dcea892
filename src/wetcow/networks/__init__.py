"""Coupled modes, their couplings, and the models they are compared with [1, 19, 20]."""
