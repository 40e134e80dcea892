"""The learner as a network of modes that can be integrated."""
