"""What is measured of learners.

`confidence` scores probabilities: calibration, likelihood, risk by coverage. `uncertainty` applies
that to our classifier and to ensembles. `operations` counts arithmetic and memory from sizes, and
`energy` counts them for networks that have learned the same images.
"""

__all__ = ["confidence", "energy", "operations", "uncertainty"]
