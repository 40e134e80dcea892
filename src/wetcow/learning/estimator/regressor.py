"""The wave regressor: numbers instead of classes, from the same memory of examples."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from wetcow.images.frame import Frame
from wetcow.learning.data.predictions import by_row
from wetcow.learning.data.progress import stages
from wetcow.learning.data.samples import some_samples
from wetcow.learning.data.weights import check_weights, distinct, present
from wetcow.learning.estimator.former_names import refuses_removed
from wetcow.learning.estimator.keeping import Kept
from wetcow.learning.estimator.learner import Learner
from wetcow.learning.io.record import make_record
from wetcow.learning.memory.construction_files import construction_files
from wetcow.learning.memory.noise import NOISES
from wetcow.learning.memory.values import Values, calibrate_values, scale_of
from wetcow.learning.model.activation import Response
from wetcow.learning.model.geometry import Encoding
from wetcow.learning.model.readout import MemoryReadout, check_updatable, recall_with_variance
from wetcow.learning.settings import checks
from wetcow.learning.settings.presets import Budget, Couplings


class WaveRegressor(Learner, Kept, RegressorMixin, BaseEstimator):
    """Numbers from rows of a table, or from images, by a memory of examples.

    The network is that of `WaveClassifier`, but that the modes which are read out are asked for
    values and not for classes. Their answer is that of a Gaussian process with the wave kernel, so
    it comes with a standard deviation. How much noise there is, is found by what is said of
    examples without them.

    Parameters
    ----------
    budget : {"seconds", "minute", "minutes", "hour"}
        As in `WaveClassifier`, like all up to `omega`. How images are looked at is decided by ten
        bins of the (first) values, if they are images.
    n_modes, patch_size, n_regions, image_shape, channel_axis, frame, mirror, response, encoding, \
couplings, threshold, omega
        See `WaveClassifier`.
    noise : float, optional
        λ of the memory, relative to the variance of the values that inputs explain. None: that of
        `wetcow.learning.memory.noise.NOISES` with the smallest error of left-out examples, found by
        at most 1,000 of those in the first call; of a table together with the scales of its columns
        (`wetcow.learning.memory.scale`), which are 1 if λ is given.
    n_memories : int, optional
        Most examples that are stored; of more, so many stand for all.
    tolerance : float
        Relative residual to which the system for stored examples is solved; 2,000 or fewer are
        solved for directly.
    checkpoint : path, optional
        Two files of that name and ``.codes`` and ``.solution`` keep what `fit` has computed, and it
        goes on from them; see `WaveClassifier`.
    cache_size : float
        Bytes of the kernel's values that may be kept while the system is solved.
    progress : bool
        Whether stages of the work are shown.
    random_state : int, RandomState instance or None
        Seed of the sampled couplings, and of what is drawn to calibrate with.

    Attributes
    ----------
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : array of str (n_features_in_,)
        Their names; only if X was a DataFrame whose columns all have one.
    n_outputs_ : int
        Columns of y.
    image_shape_ : (int, int), (int, int, int) or None
        Of the images, channels last if there are several; None for a table.
    settings_ : Settings
        Sizes and levels in use, with the noise that was found.
    hidden_, readout_, memory_, convention_, decision_ :
        As of `WaveClassifier`.
    values_ : Values
        In which units values are, and how far predictions are off.
    uncertainty_threshold_ : float
        Exceeded by the `uncertainty` of 1 % of rows like those learned.
    record_ : Record
        How it was learned; its accuracy on left-out samples is R².

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> X, y = make_friedman1(400, random_state=0)
    >>> model = WaveRegressor().fit(X[:300], y[:300])
    >>> bool(model.score(X[300:], y[300:]) > 0.85)
    True
    >>> mean, std = model.predict(X[300:], return_std=True)
    >>> bool((abs(y[300:] - mean) < 2 * std).mean() > 0.85)
    True
    """

    n_outputs_: int
    values_: Values
    _kind: ClassVar[str] = "regressor"
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
        noise: float | None = None,
        n_memories: int | None = None,
        tolerance: float = 1e-3,
        checkpoint: str | os.PathLike | None = None,
        cache_size: float = 8e9,
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
        self.noise = noise
        self.n_memories = n_memories
        self.tolerance = tolerance
        self.checkpoint = checkpoint
        self.cache_size = cache_size
        self.progress = progress
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> WaveRegressor:
        """Learn from training data; if that fails, what was learned before stays as it was.

        Parameters
        ----------
        X : array (n, features), (n, height, width) or (n, height, width, channels)
            Rows of a table, or images; an array of any kind, also of Dask.
        y : array (n,) or (n, outputs)
            Values.
        sample_weight : array (n,), optional
            How often each sample counts, not negative. A sample of weight 2 is the same as the
            sample twice, one of weight 0 as none.

        Returns
        -------
        WaveRegressor
            Itself.

        Raises
        ------
        ValueError
            As `WaveClassifier.fit`.
        """
        return self._learn_values(X, y, sample_weight, first=True, anew=True)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> WaveRegressor:
        """Learn more data and forget nothing.

        What results is, up to `tolerance`, what `fit` of all samples so far gives with the hidden
        modes, the projection, the noise and the units of values of the first call. There is more
        noise if single precision cannot tell so many examples apart.

        Parameters
        ----------
        X, y, sample_weight : arrays
            As in `fit`.

        Returns
        -------
        WaveRegressor
            Itself.

        Raises
        ------
        ValueError
            For another number of outputs, and a model that cannot learn on.
        """
        first = not hasattr(self, "readout_")
        if not first:
            check_updatable(self.readout_)
        return self._learn_values(X, y, sample_weight, first=first)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Values of new rows, float64 (n,) or (n, outputs), as y was.

        Parameters
        ----------
        X : array (n, features), (n, height, width) or (n, height, width, channels)
            As in `fit`.
        return_std : bool
            Whether to return standard deviations as well, of the values themselves with their
            noise: scale · sqrt(spread · (σ² + λ)) with σ² the `uncertainty` (`values_` has scale
            and spread).

        Returns
        -------
        array, or tuple of two
        """
        check_is_fitted(self)
        units = self.values_
        if not return_std:
            found = self._recalled(X, self.n_outputs_)
            return by_row(units.restored, found, np.float64, dropped=1 if units.flat else None)
        assert isinstance(self.readout_, MemoryReadout)
        answer = functools.partial(
            recall_with_variance,
            self.readout_.projection,
            self.readout_.memory,
            self.readout_.predictive_variance,
        )
        both = self._predictions(answer, X, self.n_outputs_ + 1)
        std = functools.partial(units.deviation, noise=self.settings_.noise)
        dropped = 1 if units.flat else None
        return (
            by_row(units.restored, both[:, :-1], np.float64, dropped=dropped),
            by_row(std, both[:, -1:], np.float64, dropped=dropped),
        )

    def _learn_values(
        self, X: Any, y: Any, sample_weight: Any, *, first: bool, anew: bool = False
    ) -> WaveRegressor:
        """Do what `fit` (`anew`) and `partial_fit` have in common, which is all but checkpoints."""
        with checks.all_or_nothing(self), stages(self.progress) as start:
            X, y = self._checked(X, y, first=first, values=True)
            flat, y = y.ndim == 1, y.reshape(len(y), -1)
            X, y, weights = present(X, y, check_weights(sample_weight, len(y)), 2 if first else 1)
            count, rng = len(y), self._rng()
            if first:
                X, y, weights = some_samples(X, y, weights, self.settings_.n_examples, rng)
                count = len(y)
            X, y, weights = distinct(X, y, weights)
            if first:
                units, self.n_outputs_ = scale_of(y, weights, flat=flat), y.shape[1]
            else:
                units = self._same_units(y, flat)
            self._check_room(X, self.n_outputs_, first=first)
            wanted = units.standardised(y)
            files = construction_files(self, X, wanted, weights) if anew else None
            hidden = self._construct(X, y, weights, rng, start) if first else self.hidden_
            samples = self._samples(hidden, X, wanted, weights, self.n_outputs_)
            known = self._learn(
                samples,
                rng,
                start,
                calibrating=calibrate_values,
                columns=None if first else np.arange(self.n_outputs_),
                files=files,
                noises=NOISES if first and self.noise is None else (),
            )
            self.values_ = units._replace(spread=known.spread(self.settings_.noise))
            self.uncertainty_threshold_ = known.uncertainty_threshold
            before = 0 if first or self.record_ is None else sum(self.record_.counts)
            self.record_ = make_record(known, np.array([before + count]), ())
        return self

    def _same_units(self, y: np.ndarray, flat: bool) -> Values:
        """Units of the first call, if the values have as many columns."""
        if y.shape[1] != self.n_outputs_ or flat != self.values_.flat:
            raise ValueError(
                f"y has {y.shape[1]} columns, but {self.n_outputs_} were learned before; give as "
                "many, or fit anew"
            )
        return self.values_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
