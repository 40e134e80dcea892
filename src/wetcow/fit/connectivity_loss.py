"""A loss of functional connectivity dynamics, for fits that are refined through simulations.

The closed form has none: at rest, dynamics of connectivity are those of samples alone. What is
compared are distributions, by their quantiles: the mean square of these differences is that of
Wasserstein, which has slopes where the distance of Kolmogorov and Smirnov has none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from wetcow import validation

SHARES = np.linspace(0.005, 0.995, 100)  # of the distribution, where quantiles are compared
FEWEST = 3  # samples of a window


def dynamics_loss(
    measured: Any,
    window: float,
    step: float,
    *,
    dt: float = 0.1,
    signal: Literal["real", "power"] = "real",
) -> Callable[[Any], Any]:
    """Loss of simulated runs by their functional connectivity dynamics: for ``Refinement(loss=…)``.

    Parameters
    ----------
    measured : array or xarray.DataArray (k, k), or list of them
        From `wetcow.connectivity_dynamics`, of one or several subjects, with the same
        window and step, of a series like the signal.
    window, step : float
        Length of the windows and time between their starts, time units of the network.
    dt : float
        Between samples of the runs: that of `Refinement`.
    signal : {"real", "power"}
        What of the amplitudes is correlated: the waves Re a, or |a|².

    Returns
    -------
    callable
        From amplitudes, complex (runs, times, n), to the mean square of differences of quantiles;
        differentiable.

    Raises
    ------
    ValueError
        For what is no square matrix of two windows or more; for windows of fewer than three
        samples; when it is called, for runs with fewer than two windows.

    Examples
    --------
    >>> loss = dynamics_loss([[1.0, 0.5], [0.5, 1.0]], window=2.0, step=1.0)
    >>> a = np.random.default_rng(0).normal(size=(1, 100, 4)) + 0j
    >>> bool(loss(a) > 0)
    True
    """
    several = isinstance(measured, list) and measured and np.ndim(measured[0]) == 2
    every = measured if several else [measured]
    wanted = np.quantile(np.concatenate([_of_pairs(one) for one in every]), SHARES)
    dt = validation.number("dt", dt, above=0)
    size = round(validation.number("window", window, above=0) / dt)
    apart = max(1, round(validation.number("step", step, above=0) / dt))
    if size < FEWEST:
        raise ValueError(f"window={window:g} must be {FEWEST} samples or more, of dt={dt:g} each")
    if signal not in ("real", "power"):
        raise ValueError(f"signal must be 'real' or 'power', got {signal!r}")

    def loss(a: Any) -> Any:
        if a.shape[1] < size + apart:
            raise ValueError(
                f"runs of {a.shape[1]} samples have fewer than two windows of {size}, {apart} "
                "apart: make Refinement(t1=…) longer, or the window shorter"
            )
        x = jnp.real(a) if signal == "real" else jnp.abs(a) ** 2
        found = jax.vmap(lambda run: _dynamics(run, size, apart))(x)
        return jnp.mean((jnp.quantile(found, SHARES) - wanted) ** 2)

    return loss


def _of_pairs(measured: Any) -> np.ndarray:
    """Entries of different windows."""
    matrix = validation.array("measured", getattr(measured, "values", measured), ndim=2)
    if matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise ValueError(
            f"measured must be a square matrix of two windows or more, got {matrix.shape}"
        )
    return matrix[np.triu_indices(len(matrix), 1)]


def _dynamics(x: Any, size: int, apart: int) -> Any:
    """Agreement of all pairs of windows of a series (times, n)."""
    starts = np.arange(0, len(x) - size + 1, apart)
    windows = _standardised(x[starts[:, None] + np.arange(size)], axis=1)
    rows, columns = np.triu_indices(x.shape[1], 1)
    each = jnp.einsum("kti,ktj->kij", windows, windows)[:, rows, columns]
    each = _standardised(each, axis=1)
    return (each @ each.T)[np.triu_indices(len(starts), 1)]


def _standardised(x: Any, axis: int) -> Any:
    """Mean 0 and sum of squares 1 along an axis."""
    x = x - jnp.mean(x, axis, keepdims=True)
    return x / jnp.sqrt(jnp.sum(x**2, axis, keepdims=True) + jnp.finfo(x.dtype).tiny)
