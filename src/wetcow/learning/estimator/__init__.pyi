"""The public names of wetcow.learning.estimator."""

from . import (
    encoding as encoding,
    features as features,
    former_names as former_names,
    keeping as keeping,
    learner as learner,
    prediction as prediction,
    regressor as regressor,
    series as series,
)
