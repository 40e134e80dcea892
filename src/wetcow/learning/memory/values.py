"""Values that are learned: their units, and how far what is said of them is off."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wetcow.learning.memory.calibration import LeftOut


class Values(NamedTuple):
    """Units of values, by column.

    Attributes
    ----------
    center, scale : float64 arrays (outputs,)
        Mean and standard deviation of the first values learned; what is stored is standardised.
    spread : float64 array (outputs,)
        Variance of standardised values for σ² + λ of one, so that left-out values are as far off as
        they are said to be, in the mean of squares.
    flat : bool
        Whether values are (n,) and not (n, 1).
    """

    center: np.ndarray
    scale: np.ndarray
    spread: np.ndarray
    flat: bool

    def standardised(self, y: np.ndarray) -> np.ndarray:
        """Values (n, outputs) in these units."""
        return (y - self.center) / self.scale

    def restored(self, standardised: np.ndarray) -> np.ndarray:
        """Values in the units of the user, (n, outputs), or (n,) as they were given."""
        values = self.center + self.scale * standardised
        return values[:, 0] if self.flat else values

    def deviation(self, variance: np.ndarray, noise: float) -> np.ndarray:
        """Standard deviation of values, for predictive variances σ² (n, 1) and the noise λ."""
        deviation = self.scale * np.sqrt(self.spread * (variance + noise))
        return deviation[:, 0] if self.flat else deviation


def scale_of(y: np.ndarray, weights: np.ndarray | None, *, flat: bool) -> Values:
    """Units of values (n, outputs), not calibrated.

    Raises
    ------
    ValueError
        For values that are too large to compute with.

    Examples
    --------
    >>> units = scale_of(np.array([[1.0], [3.0]]), None, flat=True)
    >>> units.center.tolist(), units.restored(units.standardised(np.array([[5.0]]))).tolist()
    ([2.0], [5.0])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        center = np.average(y, axis=0, weights=weights)
        scale = np.sqrt(np.average((y - center) ** 2, axis=0, weights=weights))
    if not (np.all(np.isfinite(center)) and np.all(np.isfinite(scale))):
        raise ValueError("y has values that are too large to compute with; divide y")
    # What is constant but for rounding is constant.
    varied = scale > 1e-12 * np.abs(center)
    return Values(
        center=center, scale=np.where(varied, scale, 1.0), spread=np.ones_like(scale), flat=flat
    )


class ValueCalibration(NamedTuple):
    """What is known of the errors of values.

    Attributes
    ----------
    left_out : LeftOut
    uncertainty_threshold : float
        Predictive variance that is exceeded by 1 % of left-out examples.
    n_left_out : int
        Number of these.
    left_out_accuracy : float
        R² of them, the mean of all outputs.
    together : bool
        Whether they were left out all at once; else each alone.
    """

    left_out: LeftOut
    uncertainty_threshold: float
    n_left_out: int
    left_out_accuracy: float
    together: bool

    def spread(self, noise: float) -> np.ndarray:
        """Mean of squared errors over σ² + λ, by column."""
        known, some = self.left_out, self.left_out.unseen
        squares = (known.criticality - known.targets)[some] ** 2
        expected = known.variance[some, None] + noise
        return np.average(squares / expected, axis=0, weights=known.weights[some])


def calibrate_values(left_out: LeftOut) -> ValueCalibration:
    """Collect what is known of values that were left out.

    Parameters
    ----------
    left_out : LeftOut
        Targets are standardised values.
    """
    targets, weights = left_out.targets, left_out.weights
    missed = np.average((left_out.criticality - targets) ** 2, axis=0, weights=weights)
    mean = np.average(targets, axis=0, weights=weights)
    spread = np.average((targets - mean) ** 2, axis=0, weights=weights)
    score = 1 - missed / np.where(spread > 0, spread, 1)
    return ValueCalibration(
        left_out=left_out,
        uncertainty_threshold=left_out.threshold(),
        n_left_out=len(targets),
        left_out_accuracy=float(np.mean(score)),
        together=left_out.together,
    )
