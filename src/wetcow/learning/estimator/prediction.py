"""What a fitted classifier answers: criticalities, labels, probabilities."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.special

from wetcow.learning.data.predictions import by_row, nearest_class
from wetcow.learning.estimator.learner import Learner


class ClassAnswers(Learner):
    """The part of `wetcow.WaveClassifier` that answers for new inputs."""

    classes_: np.ndarray
    inverse_temperature_: float

    def criticality(self, X: Any) -> np.ndarray:
        """Criticality cr of the class modes, float64 (n, n_classes); 1 at the critical point.

        Raises
        ------
        ValueError
            For what does not fit, as in `fit`, and for images whose values are plainly of another
            convention than those learned. So do all methods that follow from this one.
        """
        classes = getattr(self, "classes_", ())
        return self._recalled(X, len(classes))

    def decision_function(self, X: Any) -> np.ndarray:
        """Criticalities of the class modes, or for two classes their difference.

        Parameters
        ----------
        X : array (n, features), (n, height, width) or (n, height, width, channels)
            As in `fit`.

        Returns
        -------
        float64 array (n, n_classes), or (n,) for two classes
            For two classes positive where the second is predicted.
        """
        criticality = self.criticality(X)
        return criticality[:, 1] - criticality[:, 0] if len(self.classes_) == 2 else criticality

    def predict(self, X: Any) -> np.ndarray:
        """Label of the class mode nearest to criticality, array (n,); `X` as in `fit`."""
        criticality = self.criticality(X)
        nearest = functools.partial(nearest_class, self.classes_)
        return by_row(nearest, criticality, self.classes_.dtype, dropped=1)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities of the classes, float64 (n, n_classes); rows sum to one."""
        criticality = self.criticality(X)
        softmax = functools.partial(scipy.special.softmax, axis=1)
        return by_row(softmax, self.inverse_temperature_ * criticality, np.float64)
