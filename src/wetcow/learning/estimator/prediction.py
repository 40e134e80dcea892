"""What a fitted classifier answers: criticalities, labels, probabilities, uncertainties."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from sklearn.utils.validation import check_is_fitted

from wetcow.learning.data import convention, validation
from wetcow.learning.data.predictions import by_row, nearest_class, predictions
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.memory.stored import Memory
from wetcow.learning.model.readout import LinearReadout, MemoryReadout, doubt, recall
from wetcow.process import check_process


class Answers:
    """The part of `wetcow.WaveClassifier` that answers for new inputs."""

    batch_size: int
    classes_: np.ndarray
    convention_: convention.Convention | None
    hidden_: HiddenModes
    image_shape_: tuple[int, int] | None
    inverse_temperature_: float
    readout_: MemoryReadout | LinearReadout

    def criticality(self, X: Any) -> np.ndarray:
        """Criticality cr of the class modes, float64 (n, n_classes); 1 at the critical point.

        Raises
        ------
        ValueError
            For what does not fit, as in `fit`, and for images whose values are plainly of another
            convention than those learned. So do all methods that follow from this one.
        """
        check_is_fitted(self)
        answer: Any = self.readout_.criticality
        if isinstance(self.readout_, MemoryReadout):  # only what it needs goes to workers
            answer = functools.partial(recall, self.readout_.projection, self.readout_.memory)
        return self._predictions(answer, X, len(self.classes_))

    def decision_function(self, X: Any) -> np.ndarray:
        """Criticalities of the class modes, or for two classes their difference.

        Parameters
        ----------
        X : array (n, features) or (n, height, width)
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

    def uncertainty(self, X: Any) -> np.ndarray:
        """Predictive variance of the criticalities, float64 (n,), between 0 and 1.

        σ²(x) = κ(1) − k(x)ᵀ(K + λ1)⁻¹k(x), the same for all classes, with k(x) the kernel between x
        and the stored examples: 1 for an input unlike all of them. It is computed by all of at most
        2,000 of them, by 1,000 of more, or by all landmarks, which know a little less than all
        examples together. Compare with `uncertainty_threshold_`.

        Parameters
        ----------
        X : array (n, features) or (n, height, width)
            As in `fit`.
        """
        check_is_fitted(self)
        answer: Any = self.readout_.variance
        if isinstance(self.readout_, MemoryReadout):
            answer = functools.partial(doubt, self.readout_.projection, self.readout_.doubt)
        return self._predictions(answer, X, None, any_background=True)

    @property
    def memory_(self) -> Memory:
        """Stored examples and their couplings to the class modes."""
        readout = getattr(self, "readout_", None)
        if not isinstance(readout, MemoryReadout):
            raise AttributeError("there is no memory: fit first, anew if this is an old model")
        return readout.memory

    def _predictions(
        self,
        function: Callable[[np.ndarray], np.ndarray],
        X: Any,
        width: int | None,
        *,
        any_background: bool = False,
    ) -> Any:
        check_process()
        X = validation.check_rows(self, X)
        check = self._values_check(any_background=any_background)
        size = self.batch_size
        return predictions(function, self.hidden_, X, batch_size=size, width=width, check=check)

    def _values_check(self, *, any_background: bool = False) -> Callable[[np.ndarray], None]:
        """Return what raises for rows with values of another convention than those learned."""
        background = self.hidden_.frame is None and not any_background  # which a frame takes away
        return convention.checker(self.convention_, self.image_shape_, background=background)
