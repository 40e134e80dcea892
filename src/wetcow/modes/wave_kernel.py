"""The wave kernel as a kernel of scikit-learn, for its machines and Gaussian processes.

What it is, and how accurate, is in `wetcow.modes.kernel_series`.
"""

from __future__ import annotations

import difflib
from typing import Any, Literal

import numpy as np
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel, NormalizedKernelMixin

from wetcow.modes.kernel_matrix import kernel_matrix, unit_rows
from wetcow.modes.kernel_series import CODES, Code, KernelSeries, kernel_series
from wetcow.validation import array, number

Bounds = tuple[float, float] | Literal["fixed"]

_LOWEST, _HIGHEST = -6.0, 6.0  # threshold, in spreads of the drive
_SLOWEST, _FASTEST = 1e-4, 1e4
_STEP = 1e-4  # of the logarithms of hyperparameters, for slopes by central differences


class WaveKernel(NormalizedKernelMixin, Kernel):
    """κ(ρ) of the cosine ρ of the angle between rows; made by `wetcow.wave_kernel`.

    Follows the protocol of ``sklearn.gaussian_process.kernels.Kernel``: it can be cloned, added to
    and multiplied with others, and its hyperparameters are `threshold`, `omega` and `bias` as far
    as they are positive, matter, and their bounds are not "fixed".

    Parameters
    ----------
    code, threshold, omega, bias
        See `wetcow.wave_kernel`.
    threshold_bounds, omega_bounds, bias_bounds : (float, float) or "fixed"
        Between which a Gaussian process may choose.
    """

    def __init__(
        self,
        code: Code = "amplitude",
        threshold: float = 0.5,
        omega: float = 0.5,
        bias: float = 0.0,
        *,
        threshold_bounds: Bounds = (0.05, 3.0),
        omega_bounds: Bounds = (0.05, 5.0),
        bias_bounds: Bounds = (0.05, 20.0),
    ):
        self.code: Code = code
        self.threshold = threshold
        self.omega = omega
        self.bias = bias
        self.threshold_bounds: Bounds = threshold_bounds
        self.omega_bounds: Bounds = omega_bounds
        self.bias_bounds: Bounds = bias_bounds

    @property
    def hyperparameter_threshold(self) -> Hyperparameter:
        """θ; fixed unless positive, since its logarithm is what is chosen."""
        return self._hyperparameter("threshold", self.threshold > 0)

    @property
    def hyperparameter_omega(self) -> Hyperparameter:
        """ω; fixed for codes that do not depend on it."""
        return self._hyperparameter("omega", self.code not in ("relu", "step"))

    @property
    def hyperparameter_bias(self) -> Hyperparameter:
        """The constant beside the columns; fixed at zero."""
        return self._hyperparameter("bias", self.bias > 0)

    def _hyperparameter(self, name: str, free: bool) -> Hyperparameter:
        return Hyperparameter(
            name=name,
            value_type="numeric",
            bounds=getattr(self, f"{name}_bounds") if free else "fixed",
        )

    @property
    def series(self) -> KernelSeries:
        """κ(ρ) as a function: coefficients, bound on the error, ``series(rho)``.

        Raises
        ------
        ValueError
            For an unknown code, and numbers that are not such or out of range.
        """
        if self.code not in CODES:
            close = difflib.get_close_matches(str(self.code), CODES, n=1)
            also = f"; did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"code must be one of {', '.join(CODES)}, got {self.code!r}{also}")
        threshold = number("threshold", self.threshold, minimum=_LOWEST, maximum=_HIGHEST)
        omega = number("omega", self.omega, minimum=_SLOWEST, maximum=_FASTEST)
        return kernel_series(self.code, threshold, omega)

    def __call__(self, X: Any, Y: Any = None, eval_gradient: bool = False) -> Any:
        """κ between the rows of X and those of Y.

        Parameters
        ----------
        X, Y : arrays (n, d), (m, d)
            Y None: X itself.
        eval_gradient : bool
            Whether to return the slopes as well; only without Y.

        Returns
        -------
        float64 array (n, m)
            In double precision, since machines add as little as 1e-10 to the diagonal; for large
            matrices in single precision see `wetcow.modes.kernel_matrix.kernel_matrix`.
        float64 array (n, n, number of free hyperparameters), if `eval_gradient`
            Slopes by the logarithms of hyperparameters, by central differences (error about 1e-7).

        Raises
        ------
        ValueError
            For rows of zeros, which have no direction, unless there is a bias.
        """
        if eval_gradient and Y is not None:
            raise ValueError("Gradient can only be evaluated when Y is None.")
        others = None if Y is None else self._directions("Y", Y)
        found = kernel_matrix(self._directions("X", X), others, self.series)
        return (found, self._slopes(X)) if eval_gradient else found

    def _directions(self, name: str, rows: Any) -> np.ndarray:
        """Unit rows, after the bias was put beside them."""
        rows = np.atleast_2d(array(name, rows))
        bias = number("bias", self.bias, minimum=0)
        if bias:
            rows = np.column_stack([rows, np.full(len(rows), bias)])
        empty = ~rows.any(axis=1)
        if empty.any():
            raise ValueError(
                f"row {int(np.argmax(empty))} of {name} is zero and has no direction: leave such "
                "rows out, or give the kernel a bias, as in wave_kernel(bias=1.0)"
            )
        return unit_rows(rows)

    def _slopes(self, X: Any) -> np.ndarray:
        theta, steps = self.theta, _STEP * np.eye(self.n_dims)
        slopes = [
            (self._moved(theta + step)(X) - self._moved(theta - step)(X)) / (2 * _STEP)
            for step in steps
        ]
        return np.stack(slopes, axis=-1) if slopes else np.empty((len(X), len(X), 0))

    def _moved(self, theta: np.ndarray) -> WaveKernel:
        moved = WaveKernel(**self.get_params())
        moved.theta = theta
        return moved

    def is_stationary(self) -> bool:
        """False: κ depends on directions, not on differences."""
        return False

    def __repr__(self) -> str:
        bias = f", bias={self.bias:.3g}" if self.bias else ""
        return f"WaveKernel({self.code}, {self.threshold:.3g}, {self.omega:.3g}{bias})"


def wave_kernel(
    code: Code = "amplitude", threshold: float = 0.5, omega: float = 0.5, bias: float = 0.0
) -> WaveKernel:
    """The kernel of a continuum of wave modes with random couplings (theory: the wave kernel).

    For infinitely many modes that look at rows x and x' through random couplings and answer by
    φ(z) = ω M((z − θ)/ω) to what drives them, z ~ N(0, 1), the normalised inner product of all
    answers is a function κ(ρ) = E[φ(z) φ(z')]/E[φ²] of the cosine ρ of the angle between x and x'.
    It is positive definite: a power series in ρ without negative coefficients.

    Parameters
    ----------
    code : {"amplitude", "rate", "both", "analytic", "relu", "step"}
        What modes answer: their mean amplitude; their spiking frequency; both, of which inner
        products add up; the paper's rate [28]. For comparison a rectifier and a step, which
        are no waves: at threshold 0 their kernels are the arc-cosine kernels of order 1 and 0.
    threshold : float
        θ, from −6 to 6: drive below which a mode is silent, in units of the drives' spread |x|.
    omega : float
        ω, frequency of the modes, in the same units. No matter for "relu" and "step".
    bias : float
        A constant that is put beside the columns of all rows, not negative. Thresholds and
        frequencies are in units of |x|, codes are homogeneous: so κ depends on the **direction**
        of rows, not on their length. With a bias lengths count: a row of length r is at the angle
        arctan(r/bias) from a row of zeros. Tables do well with columns standardised and divided by
        the square root of their number, and ``bias=1``.

    Returns
    -------
    WaveKernel
        ``k(X, Y)`` is the matrix, float64; ``k.series(rho)`` is κ, and ``k.series.bound(rho)`` a
        bound on its error. A kernel of scikit-learn: ``SVC(kernel=k)``, ``KernelRidge(kernel=k)``,
        ``GaussianProcessClassifier(kernel=k)``, which chooses threshold, frequency and bias by the
        marginal likelihood.

    Raises
    ------
    ValueError
        For an unknown code, for numbers out of range, and if hardly any mode would answer.

    Examples
    --------
    >>> import wetcow as wc
    >>> from sklearn.svm import SVC
    >>> X, y = wc.datasets.load("digits", flat=True)
    >>> k = wc.wave_kernel(code="amplitude", threshold=0.5, omega=0.5)
    >>> float(k.series(1.0)), bool((k.series.coefficients >= 0).all())
    (1.0, True)
    >>> bool(SVC(kernel=k).fit(X[:900], y[:900]).score(X[900:], y[900:]) > 0.95)
    True
    """
    if not isinstance(code, str):
        raise ValueError(
            f"code says what modes answer, such as 'amplitude', got a {type(code).__name__}; the "
            "matrix of rows X is wave_kernel()(X)"
        )
    kernel = WaveKernel(code=code, threshold=threshold, omega=omega, bias=bias)
    _ = kernel.series, number("bias", bias, minimum=0)  # which raise for what does not fit
    return kernel
