"""The public names of wetcow.learning.estimator."""

from . import (
    encoding as encoding,
    former_names as former_names,
    keeping as keeping,
    learner as learner,
    prediction as prediction,
    series as series,
)
