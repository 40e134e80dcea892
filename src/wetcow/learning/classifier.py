"""The one-shot wave classifier, a scikit-learn estimator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import scipy.special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from wetcow.learning import checks, class_modes
from wetcow.learning.budgets import BUDGETS, Budget, Settings, settings
from wetcow.learning.frame import Frame
from wetcow.learning.hidden import HiddenModes, construct_hidden
from wetcow.learning.margins import met, widen_margins
from wetcow.learning.response import RESPONSES, Response
from wetcow.learning.saving import load, save
from wetcow.learning.statistics import Statistics, accumulate

_NUM_LOOKED_AT = 10_000  # images from which hidden modes are made
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
    budget : {"seconds", "minute", "minutes"}
        Time for construction from 60,000 images of 28×28 pixels on two cores. It chooses every
        parameter below that is None (`wetcow.learning.budgets`). For smaller images and tables all
        budgets are the same.
    n_modes : int, optional
        Hidden modes, for each patch size.
    patch_size : int or sequence of int, optional
        Height and width of the patches; several sizes give several banks of `n_modes`. Ignored for
        tables.
    n_regions : int, optional
        Codes are pooled over a grid of n_regions × n_regions regions. Ignored for tables.
    padding : int, optional
        Rows and columns of zeros around an image; None: half the patch, so that there are as many
        positions as pixels (for odd patches). Ignored for tables.
    image_shape : "auto", (int, int) or None
        Height and width of the images in the rows of X. "auto": those of X itself if it is a stack
        (n, height, width); square if the number of columns is a square of at least 7²; else None.
        None: the rows are a table, not images; one patch is the whole row, standardised by column.
    frame : "handwriting", "seven", Frame or None
        Common reference system into which images are brought first (`wetcow.learning.frame`):
        centred, scaled and deskewed at their own size, or at 7×7 pixels as in the paper; None
        leaves images as they are.
    mirror : bool
        Whether an image and its mirror image (left and right swapped) are the same. Right for
        garments, wrong for writing.
    response : {"both", "amplitude", "rate", "analytic"}, optional
        Codes of the hidden modes. "analytic" is the paper's [28] alone.
    threshold : float, optional
        Drive below which a hidden mode is silent, in units of the mean norm of whitened patches.
    omega : float, optional
        Frequency of hidden modes, in the same units. Not used by "analytic".
    ridge : float or "gcv", optional
        Penalty λ of the couplings of class modes, in units of the variance of a feature; "gcv"
        chooses it by generalised cross-validation among `class_modes.RIDGES`.
    margin_passes : int, optional
        Repetitions of the closed form in `fit` with [26] as an inequality (`wetcow.learning.
        margins`). 0: the plain closed form, which `partial_fit` always uses.
    block_size : int
        Images whose features are computed at once. Does not change the result beyond rounding.
    cache_size : float
        Bytes of features which may be kept for the margin passes; others are computed again in
        each pass.
    warm_start : bool
        Whether `fit` keeps the hidden modes of an earlier `fit` or `partial_fit`.
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
    settings_ : Settings
        Sizes and levels in use, from the parameters and the budget.
    hidden_ : HiddenModes
        Hidden modes.
    statistics_ : Statistics or None
        Sums over all samples seen; None if they were left out of a saved model.
    class_modes_ : ClassModes
        Couplings of the class modes.
    ridge_ : float
        λ used.
    sharpness_ : float
        Inverse temperature of the probabilities.
    noise_ : float
        Mean squared error of left-out criticalities.
    usual_uncertainty_ : float
        Exceeded by the `uncertainty` of 1 % of images like those learned.

    Notes
    -----
    Features are computed in single precision, the class modes solved in double.

    With d features and blocks of b images, `fit` needs 4·b·d bytes for features, 28·d² for the
    sums and their solution, and at most `cache_size` besides: memory does not grow with the number
    of images other than X itself. 12·d² stay.

    Probabilities are softmax(β cr) of the criticalities. The one number β is the most likely one
    for criticalities of (at most 2,000) training images under class modes solved without the image
    in question, which are known in closed form; with margin passes, under class modes solved beside
    the others without any of these (then at most a fifth of all). The hidden couplings are not
    resampled for that, but they know nothing of the labels.

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
        budget: Budget = "seconds",
        *,
        n_modes: int | None = None,
        patch_size: int | Sequence[int] | None = None,
        n_regions: int | None = None,
        padding: int | None = None,
        image_shape: Literal["auto"] | tuple[int, int] | None = "auto",
        frame: Literal["handwriting", "seven"] | Frame | None = None,
        mirror: bool = False,
        response: Response | None = None,
        threshold: float | None = None,
        omega: float | None = None,
        ridge: Literal["gcv"] | float | None = None,
        margin_passes: int | None = None,
        block_size: int = 4096,
        cache_size: float = 4e9,
        warm_start: bool = False,
        random_state: Any = 0,
    ):
        self.budget: Budget = budget
        self.n_modes = n_modes
        self.patch_size = patch_size
        self.n_regions = n_regions
        self.padding = padding
        self.image_shape = image_shape
        self.frame = frame
        self.mirror = mirror
        self.response: Response | None = response
        self.threshold = threshold
        self.omega = omega
        self.ridge = ridge
        self.margin_passes = margin_passes
        self.block_size = block_size
        self.cache_size = cache_size
        self.warm_start = warm_start
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
        keep = self.warm_start and hasattr(self, "hidden_")
        X, y = self._checked(X, y, first=not keep)
        classes, encoded = np.unique(y, return_inverse=True)
        targets = _targets(encoded, len(classes))
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        hidden = self.hidden_ if keep else self._construct_hidden(X, rng)
        passes = self.settings_.margin_passes
        room = self.cache_size if passes else 0
        blocks = _Blocks(hidden, X, targets, self.block_size, room)
        self._solve(classes, accumulate(blocks), blocks, rng, passes)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> WaveClassifier:
        """Learn more data and forget nothing, not even the order matters.

        The sums over samples grow; the class modes are solved again from them. What results is what
        `fit` of all samples so far at once gives with the same hidden modes and ``margin_passes=0``
        (margin passes would need the earlier images again). The hidden modes are those of the first
        call, which should be of some hundred images or more.

        Parameters
        ----------
        X, y : arrays
            As in `fit`.
        classes : array, optional
            All labels that may occur. Needed in the first call unless `y` has all of them; later,
            those not known yet are added.

        Returns
        -------
        WaveClassifier
            Itself.

        Raises
        ------
        ValueError
            For labels that were not declared, or a model saved without its sums.
        """
        first = not hasattr(self, "statistics_")
        if not first and self.statistics_ is None:
            raise ValueError(
                "this model was saved without the sums that learning on needs; save it with "
                "updatable=True, or fit again"
            )
        X, y = self._checked(X, y, first=first)
        known = np.unique(y) if first else self.classes_
        wanted = known if classes is None else np.unique(classes)
        if not first and classes is not None:
            wanted = np.union1d(known, wanted)
        encoded = np.searchsorted(wanted, y)
        unknown = encoded == len(wanted)
        unknown[~unknown] = wanted[encoded[~unknown]] != y[~unknown]
        if unknown.any():
            raise ValueError(
                f"label {y[unknown][0]!r} is not among the classes {wanted.tolist()}; pass all "
                "labels that may occur as classes"
            )
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        hidden = self._construct_hidden(X, rng) if first else self.hidden_
        targets = _targets(encoded, len(wanted))
        blocks = _Blocks(hidden, X, targets, self.block_size, 0)
        statistics = accumulate(blocks)
        if not first:
            earlier = self.statistics_
            if len(wanted) > len(known):
                earlier = earlier.with_classes(np.searchsorted(wanted, known), len(wanted))
            statistics = earlier.merge(statistics)
        self._solve(wanted, statistics, blocks, rng, 0)
        return self

    def criticality(self, X: Any) -> np.ndarray:
        """Criticality cr of the class modes, float64 (n, n_classes); 1 at the critical point."""
        return self._over_blocks(self._class_modes().criticality, X)

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

    def uncertainty(self, X: Any) -> np.ndarray:
        """Predictive variance of the criticalities, float64 (n,).

        σ²·(1/n + (x − x̄)ᵀ(Σ(x − x̄)(x − x̄)ᵀ + nλ)⁻¹(x − x̄)), the same for all classes, with σ² the
        mean squared error of left-out training images. Large for images unlike those learned;
        compare with `usual_uncertainty_`.

        Parameters
        ----------
        X : array (n, features) or (n, height, width)
            As in `fit`.
        """
        modes = self._class_modes()
        return self.noise_ * self._over_blocks(lambda x: class_modes.leverage(modes, x), X)

    def save(self, path: str | os.PathLike, *, updatable: bool = False) -> None:
        """Save to a file of a JSON header and arrays, atomically; see `load`.

        Parameters
        ----------
        path : path
            File to write.
        updatable : bool
            Whether to keep the sums over samples, 4·d² bytes for d features, with which
            `partial_fit` can go on.
        """
        check_is_fitted(self)
        save(self, path, updatable=updatable)

    @classmethod
    def load(cls, path: str | os.PathLike) -> WaveClassifier:
        """Load what `save` wrote. Nothing in the file is executed.

        Raises
        ------
        ModelFileError
            For damaged or foreign files, and those of a newer version.
        """
        return load(cls, path)

    def _class_modes(self) -> class_modes.ClassModes:
        check_is_fitted(self)
        return self.class_modes_

    def _over_blocks(self, function: Callable[[np.ndarray], np.ndarray], X: Any) -> np.ndarray:
        """Results of a function of features, block by block."""
        X = validate_data(self, _flat(X), dtype=(np.float64, np.float32), reset=False)
        starts = range(0, len(X), self.block_size)
        return np.concatenate(
            [function(self.hidden_.features(X[i : i + self.block_size])) for i in starts]
        )

    def _checked(self, X: Any, y: Any, *, first: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return valid data; if it is the first, find what it is and all settings."""
        self._check_parameters()
        stacked = np.shape(X)[1:] if getattr(X, "ndim", None) == 3 else None
        X, y = validate_data(
            self,
            _flat(X),
            y,
            dtype=(np.float64, np.float32),
            ensure_min_samples=2 if first else 1,
            reset=first,
        )
        check_classification_targets(y)
        if first:
            shape = checks.find_image_shape(self.image_shape, self.n_features_in_, stacked)
            self.image_shape_ = shape
            self.settings_ = self._settings(shape)
        else:  # the hidden modes stay as they are
            wanted = self._settings(self.image_shape_)
            self.settings_ = self.settings_._replace(
                ridge=wanted.ridge, margin_passes=wanted.margin_passes
            )
        return X, y

    def _check_parameters(self) -> None:
        """Raise for parameters which no data could make sense of."""
        if self.budget not in BUDGETS:
            raise ValueError(f"budget must be one of {[*BUDGETS]}, got {self.budget!r}")
        least = {"n_modes": 1, "n_regions": 1, "block_size": 1, "padding": 0, "margin_passes": 0}
        for name, minimum in least.items():
            if getattr(self, name) is not None:
                checks.check_integer(name, getattr(self, name), minimum)
        if self.patch_size is not None:
            checks.patch_sizes(self.patch_size)
        if self.response is not None and self.response not in RESPONSES:
            raise ValueError(f"response must be one of {[*RESPONSES]}, got {self.response!r}")
        if self.threshold is not None:
            checks.check_number("threshold", self.threshold)
        if self.omega is not None:
            checks.check_number("omega", self.omega, positive=True)
        if self.ridge is not None and self.ridge != "gcv":
            checks.check_number("ridge", self.ridge, positive=True, instead="'gcv' or ")
        checks.find_frame(self.frame)

    def _settings(self, shape: tuple[int, int] | None) -> Settings:
        """Return the budget's settings, and the user's where they are given."""
        budget = settings(self.budget, shape)
        given = {name: getattr(self, name) for name in Settings._fields}
        chosen = budget._replace(**{k: v for k, v in given.items() if v is not None})
        return chosen._replace(patch_size=checks.patch_sizes(chosen.patch_size))

    def _construct_hidden(self, X: np.ndarray, rng: np.random.Generator) -> HiddenModes:
        chosen, shape = self.settings_, self.image_shape_
        frame = None if shape is None else checks.find_frame(self.frame)
        if shape is None:
            geometries = (checks.table_geometry(self.n_features_in_),)
        else:
            framed = shape if frame is None or frame.size is None else frame.size
            geometries = tuple(
                checks.image_geometry(framed, size, self.padding, chosen.n_regions, self.mirror)
                for size in chosen.patch_size
            )
        return construct_hidden(
            _some(X, _NUM_LOOKED_AT, rng),
            shape,
            frame,
            geometries,
            rng,
            n_modes=chosen.n_modes,
            threshold=chosen.threshold,
            omega=chosen.omega,
            response=chosen.response,
        )

    def _solve(
        self,
        classes: np.ndarray,
        statistics: Statistics,
        blocks: _Blocks,
        rng: np.random.Generator,
        margin_passes: int,
    ) -> None:
        """Solve and calibrate the class modes, all of which is kept or, if interrupted, nothing.

        `blocks` are the last data.
        """
        chosen = self.settings_.ridge
        ridge = class_modes.cross_validate(statistics)[0] if chosen == "gcv" else chosen
        modes = class_modes.solve(statistics, ridge)
        targets = blocks.targets
        count = min(_NUM_CALIBRATING, max(len(targets) // 5, 1))
        some = _some(np.arange(len(targets)), count if margin_passes else _NUM_CALIBRATING, rng)
        x = blocks.hidden.features(blocks.X[some])
        if margin_passes:
            # Beside the class modes another set, for which the calibrating images do not exist.
            without = targets.copy()
            without[some] = np.nan
            blocks.targets = np.hstack([targets, without])
            both = modes._replace(
                coupling=np.hstack([modes.coupling, np.zeros_like(modes.coupling)]),
                gamma=np.hstack([modes.gamma, np.zeros_like(modes.gamma)]),
            )
            both = widen_margins(both, blocks, margin_passes)
            n = targets.shape[1]
            modes = both._replace(coupling=both.coupling[:, :n], gamma=both.gamma[:n])
            left_out = (x @ both.coupling + both.gamma)[:, n:]
            _, variance = class_modes.leave_one_out(modes, x, targets[some])
            wanted = met(left_out, targets[some])
        else:
            wanted = targets[some]
            left_out, variance = class_modes.leave_one_out(modes, x, wanted)
        sharpness = class_modes.fit_sharpness(left_out, targets[some])
        noise = float(np.mean((left_out - wanted) ** 2))
        self.hidden_ = blocks.hidden
        self.classes_, self.statistics_, self.ridge_ = classes, statistics, ridge
        self.class_modes_ = modes._replace(factor=modes.factor.astype(np.float32))
        self.sharpness_, self.noise_ = sharpness, noise
        self.usual_uncertainty_ = float(noise * np.quantile(variance, 0.99))


class _Blocks:
    """Features and targets, block by block, as often as asked; kept while there is room."""

    def __init__(
        self,
        hidden: HiddenModes,
        X: np.ndarray,
        targets: np.ndarray,
        block_size: int,
        cache_size: float,
    ):
        self.hidden, self.X, self.targets = hidden, X, targets
        self.block_size, self.cache_size = block_size, cache_size
        self._kept: dict[int, np.ndarray] = {}

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(self.X), self.block_size):
            block = slice(start, start + self.block_size)
            features = self._kept.get(start)
            if features is None:
                features = self.hidden.features(self.X[block])
                if features.nbytes * (len(self._kept) + 1) <= self.cache_size:
                    self._kept[start] = features
            yield features, self.targets[block]


def _targets(encoded: np.ndarray, n_classes: int) -> np.ndarray:
    """Critical, 1, for the own class, and at rest, 0, for the others."""
    return np.eye(n_classes, dtype=np.float32)[encoded]


def _some(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """At most `count` of the rows, at random, in order."""
    if len(rows) <= count:
        return rows
    return rows[np.sort(rng.choice(len(rows), size=count, replace=False))]


def _flat(X: Any) -> Any:
    """Return a stack of images as rows; everything else unchanged, for scikit-learn to judge."""
    is_stack = getattr(X, "ndim", None) == 3
    return np.reshape(X, (np.shape(X)[0], -1)) if is_stack else X
