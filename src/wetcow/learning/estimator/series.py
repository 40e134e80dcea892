"""Codes of series for a classifier or regressor: `SeriesFeatures`."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from wetcow.learning.data.samples import some_rows
from wetcow.learning.data.series import (
    as_series,
    check_channels,
    check_finite,
    filled,
    is_ragged,
)
from wetcow.learning.memory.more_codes import are_worth_it, asked_for
from wetcow.learning.model.series_modes import (
    SeriesModes,
    code_names,
    construct_modes,
    differences,
    n_codes,
    series_codes,
)
from wetcow.validation import refuse_masked

_MOST = 500  # series by which it is decided whether differences help


class SeriesFeatures(TransformerMixin, BaseEstimator):
    """How long, and how far, series drive hidden modes beyond their onset.

    A hidden mode is coupled to nine moments of a series, some samples apart; modes differ in these
    couplings, in how far the moments are apart, and in their thresholds
    (`wetcow.learning.model.series_modes`). Of each mode two numbers are pooled over time: the share
    of time in which it is beyond its onset, and its mean amplitude. A memory of examples learns
    from them as from the columns of a table, for which `image_shape` is to be None.

    Parameters
    ----------
    n_modes : int
        Hidden modes, about: 84 couplings for each scale, with equally many thresholds.
    omega : float
        Frequency of the modes, in units of the spread of what drives them.
    n_segments : int
        Equal parts of each series over which the two numbers are pooled. More than 1 tell when a
        mode is driven, for series that begin and end alike.
    differences : {"auto", True, False}
        Whether as many modes hear by how much a series changes from sample to sample. "auto": if a
        memory errs less with them, on at most 500 of the series that `fit` is given labels or
        values of, each left out alone; not without labels or values.
    random_state : int, RandomState instance or None
        Seed of the series that thresholds are taken from, and of the channels that a mode hears.

    Attributes
    ----------
    n_channels_ : int
        Of the series.
    modes_ : SeriesModes
        Hidden modes.
    difference_modes_ : SeriesModes or None
        Those that hear changes, if any.
    n_features_in_ : int
        Samples of a series; only if `fit` was given an array (n, time).

    Notes
    -----
    All of a series counts: cut off what is no part of it, and fill gaps first. A constant that is
    added to a series hardly changes its codes, a factor does. Couplings, scales and thresholds are
    those of MiniRocket [1]_, whose features are the shares of time.

    References
    ----------
    .. [1] A. Dempster, D. F. Schmidt, G. I. Webb, "MiniRocket", KDD 2021.

    Examples
    --------
    Waves of two frequencies, in noise:

    >>> from sklearn.pipeline import make_pipeline
    >>> import wetcow as wc
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 40)
    >>> phase = rng.uniform(0, 6, (80, 1)) + np.where(y, 0.5, 0.4)[:, None] * np.arange(100)
    >>> X = np.sin(phase) + rng.normal(size=phase.shape)
    >>> model = make_pipeline(wc.SeriesFeatures(), wc.WaveClassifier(image_shape=None))
    >>> bool(model.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_modes": [Interval(type=Integral, left=1, right=None, closed="left")],
        "omega": [Interval(type=Real, left=0, right=None, closed="neither")],
        "n_segments": [Interval(type=Integral, left=1, right=None, closed="left")],
        "differences": [StrOptions({"auto"}), "boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_modes: int = 10_000,
        *,
        omega: float = 0.5,
        n_segments: int = 1,
        differences: bool | Literal["auto"] = "auto",
        random_state: Any = 0,
    ):
        self.n_modes = n_modes
        self.omega = omega
        self.n_segments = n_segments
        self.differences = differences
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> SeriesFeatures:
        """Take scales of channels and thresholds of modes from series.

        Parameters
        ----------
        X : array (n, time) or (n, channels, time), or sequence of arrays
            Series. Of unequal lengths they are a sequence of arrays (time,) or (channels, time).
        y : array (n,) or (n, outputs), optional
            Labels, or values with fractions, by which `differences="auto"` is decided.

        Returns
        -------
        SeriesFeatures
            Itself.

        Raises
        ------
        ValueError
            For series without samples, of another shape, or with missing or infinite values; it
            names the first of them.
        """
        self._validate_params()
        series, lengths = self._series(X, first=True)
        rng = check_random_state(self.random_state)
        seed = np.random.default_rng(int(rng.randint(2**31)))
        self.modes_: SeriesModes = construct_modes(series, lengths, self.n_modes, seed)
        self.n_channels_ = series.shape[1]
        self.difference_modes_ = self._modes_of_differences(series, lengths, y, seed)
        return self

    def _modes_of_differences(
        self, series: np.ndarray, lengths: np.ndarray, y: Any, rng: np.random.Generator
    ) -> SeriesModes | None:
        """Return modes that hear by how much series change, or None if there are to be none."""
        targets = None
        if self.differences == "auto" and y is not None:
            wanted = np.asarray(y)
            check_consistent_length(series, wanted)
            targets = asked_for(wanted)
        if self.differences is False or (self.differences == "auto" and targets is None):
            return None
        changes, counts = differences(series, lengths)
        if not np.any(counts):
            if self.differences == "auto":
                return None
            raise ValueError(
                "series of one sample have no differences: give longer ones, or differences=False"
            )
        modes = construct_modes(changes, counts, self.n_modes, rng)
        if targets is None:
            return modes
        some = some_rows(len(series), _MOST, rng)
        codes = series_codes(series[some], lengths[some], self.modes_, self.omega, self.n_segments)
        more = series_codes(changes[some], counts[some], modes, self.omega, self.n_segments)
        return modes if are_worth_it(codes, more, targets[some]) else None

    def transform(self, X: Any) -> np.ndarray:
        """Codes of series, float32 (n, codes): shares of time, then roots of mean amplitudes.

        Those of modes that hear differences come after the others.

        Parameters
        ----------
        X : array (n, time) or (n, channels, time), or sequence of arrays
            As in `fit`; of any length if they are a sequence, or have channels.
        """
        check_is_fitted(self)
        series, lengths = self._series(X, first=False)
        codes = series_codes(series, lengths, self.modes_, self.omega, self.n_segments)
        if self.difference_modes_ is None:
            return codes
        changes, counts = differences(series, lengths)
        of_changes = self.difference_modes_
        more = series_codes(changes, counts, of_changes, self.omega, self.n_segments)
        return np.hstack([codes, more])

    @property
    def _n_features_out(self) -> int:
        """How many numbers `transform` returns of a series."""
        each = (self.modes_, self.difference_modes_)
        return sum(n_codes(modes, self.n_segments) for modes in each if modes is not None)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of what `transform` returns: code, dilation in samples, filter and threshold."""
        check_is_fitted(self)
        names = code_names(self.modes_, self.n_segments)
        if self.difference_modes_ is not None:
            more = code_names(self.difference_modes_, self.n_segments)
            names += [f"differences_{name}" for name in more]
        return np.array(names, dtype=object)

    def _series(self, X: Any, *, first: bool) -> tuple[np.ndarray, np.ndarray]:
        """Series as float32 (n, channels, time), zero beyond their ends, and their lengths."""
        refuse_masked("X", X)
        X = as_series(X)
        if is_ragged(X):
            series, lengths = filled(X)
        else:
            volume = getattr(X, "ndim", None) == 3
            array = (
                X
                if volume
                else validate_data(self, X, dtype="numeric", reset=first, ensure_all_finite=False)
            )
            array = np.asarray(array)
            if array.dtype.kind not in "biuf":
                raise ValueError(f"series must be real numbers, got {array.dtype}")
            series = array if array.ndim == 3 else array[:, None, :]
            lengths = np.full(len(series), series.shape[-1])
        if 0 in series.shape:
            raise ValueError(
                f"there must be at least one series, channel and sample, got shape {series.shape}"
            )
        check_finite(series)
        if not first:
            check_channels(series.shape, self.n_channels_)
        with np.errstate(over="ignore"):
            single = series.astype(np.float32)
        if not np.all(np.isfinite(single)):
            raise ValueError("series have values that are too large for single precision")
        return single, lengths

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # codes are in single precision
        tags.input_tags.three_d_array = True
        return tags
