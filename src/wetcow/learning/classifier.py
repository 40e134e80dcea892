"""The one-shot wave classifier, a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import scipy.special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from wetcow.learning import checks, class_modes, construct
from wetcow.learning.response import RESPONSES, Response
from wetcow.learning.statistics import accumulate

_NUM_STANDARDISING = 2_048  # images from which the scale of features is taken
_NUM_CALIBRATING = 2_000  # images by whose left-out criticalities probabilities are calibrated


class WaveClassifier(ClassifierMixin, BaseEstimator):
    """A shallow network of wave modes, constructed in one pass without back-propagation.

    Hidden modes see contrast-normalised patches through couplings sampled from training images.
    Each answers in two codes, its mean amplitude and its spiking frequency [28, theory §7], which
    are pooled over regions. One mode per class is coupled to the pooled codes, in closed form, so
    that it becomes critical for its own class and stays at rest otherwise [26, 27]. The class read
    out is that of the mode nearest to its critical point, from below: of highest criticality.

    Parameters
    ----------
    n_modes : int
        Hidden modes, for each patch size.
    patch_size : int or sequence of int
        Height and width of the patches; several sizes give several banks of `n_modes`. Ignored for
        tables.
    n_regions : int
        Codes are pooled over a grid of n_regions × n_regions regions. Ignored for tables.
    padding : int
        Rows and columns of zeros around an image. Ignored for tables.
    image_shape : "auto", (int, int) or None
        Height and width of the images in the rows of X. "auto": those of X itself if it is a stack
        (n, height, width); square if the number of columns is a square of at least 7²; else None.
        None: the rows are a table, not images; one patch is the whole row, standardised by column.
    response : {"both", "amplitude", "rate", "analytic"}
        Codes of the hidden modes. "analytic" is the paper's [28] alone.
    threshold : float
        Drive below which a hidden mode is silent, in units of the mean norm of whitened patches.
    omega : float
        Frequency of hidden modes, in the same units. Not used by "analytic".
    ridge : "gcv" or float
        Penalty λ of the couplings of class modes, in units of the variance of a feature; "gcv"
        chooses it by generalised cross-validation among `class_modes.RIDGES`.
    block_size : int
        Images whose features are in memory at once. Does not change the result beyond rounding.
    random_state : int, RandomState instance or None
        Seed of the sampled couplings.

    Attributes
    ----------
    classes_ : array (n_classes,)
        Labels.
    n_features_in_ : int
        Columns of X.
    image_shape_ : (int, int) or None
        Of the images; None for a table.
    geometries_, layers_ : tuples of Geometry, Layer
        Hidden modes, one entry for each patch size.
    class_modes_ : ClassModes
        Couplings of the class modes.
    ridge_ : float
        λ used.
    sharpness_ : float
        Inverse temperature of the probabilities.

    Notes
    -----
    Features are computed in single precision, the class modes solved in double.

    Probabilities are softmax(β cr) of the criticalities. The one number β is the most likely one
    for criticalities of (at most 2,000) training images under class modes solved without the image
    in question, which are known in closed form. The hidden couplings are not resampled for that,
    but they know nothing of the labels.

    Examples
    --------
    >>> from wetcow import datasets
    >>> X, y = datasets.load("digits")
    >>> clf = WaveClassifier(n_modes=32).fit(X[:600], y[:600])
    >>> bool(clf.score(X[600:], y[600:]) > 0.9)
    True
    >>> clf.predict_proba(X[:2]).shape
    (2, 10)
    """

    n_features_in_: int  # set by validate_data

    def __init__(
        self,
        n_modes: int = 128,
        *,
        patch_size: int | Sequence[int] = 5,
        n_regions: int = 3,
        padding: int = 2,
        image_shape: Literal["auto"] | tuple[int, int] | None = "auto",
        response: Response = "both",
        threshold: float = 0.1,
        omega: float = 0.2,
        ridge: Literal["gcv"] | float = "gcv",
        block_size: int = 2048,
        random_state: Any = 0,
    ):
        self.n_modes = n_modes
        self.patch_size = patch_size
        self.n_regions = n_regions
        self.padding = padding
        self.image_shape = image_shape
        self.response: Response = response
        self.threshold = threshold
        self.omega = omega
        self.ridge = ridge
        self.block_size = block_size
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> WaveClassifier:
        """Construct the network from training data.

        Parameters
        ----------
        X : array (n, features) or (n, height, width)
            Images, flat or not, or the rows of a table.
        y : array (n,)
            Labels of any kind.

        Returns
        -------
        WaveClassifier
            Itself.

        Raises
        ------
        ValueError
            For parameters out of range, or an image shape that does not fit X or the patches.
        """
        self._check_parameters()
        stacked = np.shape(X)[1:] if getattr(X, "ndim", None) == 3 else None
        X, y = validate_data(
            self, _flat(X), y, dtype=(np.float64, np.float32), ensure_min_samples=2
        )
        check_classification_targets(y)
        self.classes_, encoded = np.unique(y, return_inverse=True)
        targets = np.eye(len(self.classes_), dtype=np.float32)[encoded]
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))

        self.image_shape_ = checks.find_image_shape(self.image_shape, self.n_features_in_, stacked)
        self.geometries_ = (
            (checks.table_geometry(self.n_features_in_),)
            if self.image_shape_ is None
            else tuple(
                checks.image_geometry(self.image_shape_, size, self.padding, self.n_regions)
                for size in checks.patch_sizes(self.patch_size)
            )
        )
        self._fit_input_scale(X)
        self.layers_ = tuple(
            construct.construct_layer(
                self._images(X),
                geometry,
                self.n_modes,
                rng,
                threshold=self.threshold,
                omega=self.omega,
                response=self.response,
            )
            for geometry in self.geometries_
        )
        self._fit_feature_scale(self._some(X, _NUM_STANDARDISING, rng))
        statistics = accumulate(
            (self._features(X[block]), targets[block]) for block in self._blocks(len(X))
        )
        self.ridge_ = (
            class_modes.cross_validate(statistics)[0] if self.ridge == "gcv" else float(self.ridge)
        )
        self.class_modes_ = class_modes.solve(statistics, self.ridge_)
        calibrating = self._some(np.arange(len(X)), _NUM_CALIBRATING, rng)
        left_out = class_modes.leave_one_out(
            self.class_modes_, self._features(X[calibrating]), targets[calibrating]
        )
        self.sharpness_ = class_modes.fit_sharpness(left_out, targets[calibrating])
        return self

    def criticality(self, X: Any) -> np.ndarray:
        """Criticality cr of the class modes, float64 (n, n_classes); 1 at the critical point."""
        check_is_fitted(self)
        X = validate_data(self, _flat(X), dtype=(np.float64, np.float32), reset=False)
        return np.concatenate(
            [
                self.class_modes_.criticality(self._features(X[block]))
                for block in self._blocks(len(X))
            ]
        )

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
        nearest = self.criticality(X).argmax(axis=1)
        return self.classes_[nearest]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities of the classes, float64 (n, n_classes); rows sum to one."""
        criticality = self.criticality(X)
        return scipy.special.softmax(self.sharpness_ * criticality, axis=1)

    def _check_parameters(self) -> None:
        """Raise for parameters which no data could make sense of."""
        for name, least in (("n_modes", 1), ("n_regions", 1), ("block_size", 1), ("padding", 0)):
            checks.check_integer(name, getattr(self, name), least)
        checks.patch_sizes(self.patch_size)
        if self.response not in RESPONSES:
            raise ValueError(f"response must be one of {[*RESPONSES]}, got {self.response!r}")
        checks.check_number("threshold", self.threshold)
        checks.check_number("omega", self.omega, positive=True)
        if self.ridge != "gcv":
            checks.check_number("ridge", self.ridge, positive=True, instead="'gcv' or ")

    def _fit_input_scale(self, X: np.ndarray) -> None:
        """Set centre and scale of inputs: by column for tables, one scale alone for images."""
        if self.image_shape_ is None:
            self._center = X.mean(axis=0, dtype=np.float64)
            scale = X.std(axis=0, dtype=np.float64)
        else:  # zero stays zero, which is what padding adds
            self._center = np.float64(0)
            scale = X.std(dtype=np.float64)
        self._scale = np.where(scale > 0, scale, 1.0)

    def _images(self, X: np.ndarray) -> np.ndarray:
        """Rows of X as scaled images, float32 (n, height, width)."""
        height, width = self.geometries_[0].image
        scaled = ((X - self._center) / self._scale).astype(np.float32)
        return scaled.reshape(len(X), height, width)

    def _raw_features(self, X: np.ndarray) -> np.ndarray:
        """Pooled codes of the rows of X."""
        return construct.features(self._images(X), self.layers_, self.geometries_, self.response)

    def _fit_feature_scale(self, X: np.ndarray) -> None:
        """Set mean and standard deviation of the features, from a sample."""
        raw = self._raw_features(X)
        self._feature_mean = raw.mean(axis=0)
        spread = raw.std(axis=0)
        # Modes that hardly ever answer would be blown up; they are left as small as they are.
        self._feature_scale = np.where(spread > 1e-3 * spread.max(), spread, 1).astype(np.float32)

    def _features(self, X: np.ndarray) -> np.ndarray:
        """Standardised features of the rows of X, float32 (n, d)."""
        return (self._raw_features(X) - self._feature_mean) / self._feature_scale

    def _blocks(self, count: int) -> Iterator[slice]:
        """Consecutive slices of at most `block_size` rows."""
        starts = range(0, count, self.block_size)
        return (slice(start, start + self.block_size) for start in starts)

    @staticmethod
    def _some(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """At most `count` of the rows, at random, in order."""
        if len(rows) <= count:
            return rows
        return rows[np.sort(rng.choice(len(rows), size=count, replace=False))]


def _flat(X: Any) -> Any:
    """Return a stack of images as rows; everything else unchanged, for scikit-learn to judge."""
    is_stack = getattr(X, "ndim", None) == 3
    return np.reshape(X, (np.shape(X)[0], -1)) if is_stack else X
