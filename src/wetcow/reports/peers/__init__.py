"""What the learner is compared with."""
