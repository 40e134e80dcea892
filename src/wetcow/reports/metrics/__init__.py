"""What is measured of learners: uncertainty, operations, energy."""
