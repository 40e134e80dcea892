"""The public names of wetcow.learning.estimator."""

from . import (
    former_names as former_names,
    learner as learner,
    prediction as prediction,
    series as series,
)
