"""The encoder alone: pooled codes of hidden modes as features for any other learner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_consistent_length,
    check_is_fitted,
)

from wetcow.images.frame import Frame
from wetcow.learning.data import validation
from wetcow.learning.data.progress import stages
from wetcow.learning.data.weights import check_weights, distinct, present
from wetcow.learning.estimator.encoding import Encoder
from wetcow.learning.estimator.former_names import refuses_removed
from wetcow.learning.estimator.keeping import Kept
from wetcow.learning.model.activation import Response
from wetcow.learning.model.feature_names import names_of_codes
from wetcow.learning.model.geometry import Encoding
from wetcow.learning.settings import checks
from wetcow.learning.settings.presets import Budget, Couplings


class WaveFeatures(Encoder, Kept, TransformerMixin, BaseEstimator):
    """Pooled codes of hidden modes, which are constructed from images without labels.

    What `WaveClassifier` and `WaveRegressor` see of an image, for other learners to learn from: the
    answers of wave modes that are coupled to patches, as means over regions. The rows of a table
    have no hidden modes: their standardised columns, divided by the root of their number, and a
    constant 1.

    Parameters
    ----------
    budget : {"seconds", "minute", "minutes", "hour"}
        As in `WaveClassifier`, like all other parameters.
    n_modes, patch_size, n_regions, image_shape, channel_axis, frame, mirror, response, encoding, \
couplings, threshold, omega, progress, random_state
        See `WaveClassifier`. What is "auto" is decided if `fit` is given labels or values, else
        frame and mirror are none.

    Attributes
    ----------
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : array of str (n_features_in_,)
        Their names; only if X was a DataFrame whose columns all have one.
    image_shape_, settings_, hidden_, convention_, decision_ :
        As of `WaveClassifier`.

    Examples
    --------
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from wetcow import datasets
    >>> X, y = datasets.load("digits", flat=True)
    >>> model = make_pipeline(WaveFeatures(n_modes=16), RidgeClassifier(0.01))
    >>> bool(model.fit(X[:600], y[:600]).score(X[600:], y[600:]) > 0.9)
    True
    >>> model[0].get_feature_names_out()[:2].tolist()
    ['bank1_amplitude_row1_column1_mode1', 'bank1_amplitude_row1_column1_mode2']
    """

    record_: None = None
    _kind: ClassVar[str] = "features"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = checks.CONSTRAINTS

    @refuses_removed
    def __init__(
        self,
        budget: Budget = "seconds",
        *,
        n_modes: int | None = None,
        patch_size: int | Sequence[int] | None = None,
        n_regions: int | None = None,
        image_shape: Literal["auto"] | tuple[int, ...] | None = "auto",
        channel_axis: Literal["auto", -1, 1] | None = "auto",
        frame: Literal["auto", "handwriting", "seven"] | Frame | None = "auto",
        mirror: bool | Literal["auto"] = "auto",
        response: Response | None = None,
        encoding: Encoding | None = None,
        couplings: Couplings | None = None,
        threshold: float | None = None,
        omega: float | None = None,
        progress: bool = False,
        random_state: Any = 0,
    ):
        self.budget: Budget = budget
        self.n_modes = n_modes
        self.patch_size = patch_size
        self.n_regions = n_regions
        self.image_shape = image_shape
        self.channel_axis = channel_axis
        self.frame = frame
        self.mirror = mirror
        self.response: Response | None = response
        self.encoding: Encoding | None = encoding
        self.couplings: Couplings | None = couplings
        self.threshold = threshold
        self.omega = omega
        self.progress = progress
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> WaveFeatures:
        """Construct hidden modes.

        Parameters
        ----------
        X : array (n, features), (n, height, width) or (n, height, width, channels)
            Images, flat or not, or the rows of a table; an array of any kind, also of Dask.
        y : array (n,) or (n, outputs), optional
            Labels or values, by which frame and mirror are decided. Nothing else depends on them.
        sample_weight : array (n,), optional
            How often each sample counts, not negative.

        Returns
        -------
        WaveFeatures
            Itself.

        Raises
        ------
        ValueError
            For parameters out of range, an image shape that does not fit X or the patches, or
            values that are too large to compute with.
        """
        with checks.all_or_nothing(self), stages(self.progress) as start:
            checks.check_parameters(self)
            X, image = validation.check_first_rows(self, X)
            self._find_settings(image)
            labels = np.zeros(len(X), int)
            if y is not None:
                check_consistent_length(X, y)
                labels = np.asarray(y)
                if labels.ndim == 1 and labels.dtype.kind == "f":
                    labels = labels[:, None]
                if labels.ndim == 1:
                    labels = np.unique(labels, return_inverse=True)[1]
            X, labels, weights = distinct(
                *present(X, labels, check_weights(sample_weight, len(labels)), 1)
            )
            known = None if y is None else labels
            self.hidden_ = self._construct(X, known, weights, self._rng(), start)
        return self

    def transform(self, X: Any) -> Any:
        """Pooled codes of rows, float32 (n, codes), or of Dask a Dask array.

        Parameters
        ----------
        X : array (n, features), (n, height, width) or (n, height, width, channels)
            As in `fit`.

        Raises
        ------
        ValueError
            For what does not fit, as in `fit`, and for images whose values are plainly of another
            convention than those learned.
        """
        check_is_fitted(self)
        return self._predictions(np.asarray, X, self.hidden_.n_codes)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that `transform` returns, array of str (codes,).

        Of images they say bank (patch size), code, region and mode, each counted from
        1; of a table they are those of its columns, and "constant".
        """
        check_is_fitted(self, "hidden_")
        names = _check_feature_names_in(self, input_features)
        return names_of_codes(self.hidden_, names)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes are in single precision
        return tags
