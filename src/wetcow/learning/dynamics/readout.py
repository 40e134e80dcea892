"""Which class an integrated network says: read from the trajectories of its class modes alone.

The class read out is that of the class mode nearest to its critical point from below, of highest
criticality. What can be seen of that in a trajectory is the **mean amplitude**: it vanishes for
cr ≤ 0 and rises monotonically with cr > 0 (docs/theory.md). Of modes that are all at rest, the one
that decays slowest is the largest at any time, so the rule "largest amplitude" holds for them too.

The **criticality** of a class mode can be measured as well, whether or not the mode has settled, by
solving [11] for the excitation: γ = d ln A/dt − A [w_a cos(φ − ψ) − α].

Both are averaged over the last part of a run with a window that rises from zero and falls to zero
again (Hann's), since a mean of something periodic over a window with sharp ends is off by what is
left of the last period.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from wetcow.learning.dynamics.network import LearnedNetwork
from wetcow.modes.criticality import CANONICAL, critical_ratio
from wetcow.precision import in_double

LAST = 0.5
"""Share of a run, its end, over which means are taken."""

_FEWEST = 20  # samples in that part
_COARSEST = 1.0  # time between samples, in units of 1/ω of the class modes


class Reading(NamedTuple):
    """What the class modes of an integrated network say.

    Attributes
    ----------
    label : Any
        Label of the class mode of largest mean amplitude.
    amplitude : float64 array (classes,)
        Mean amplitudes, in units of the frequency of the class modes.
    criticality : float64 array (classes,)
        Measured criticalities; minus infinity for a mode whose amplitude vanished in the precision
        of the run.
    """

    label: Any
    amplitude: np.ndarray
    criticality: np.ndarray


def read_class(network: LearnedNetwork, run: xr.Dataset, last: float = LAST) -> Reading:
    """Read the class from an integrated network.

    Parameters
    ----------
    network : LearnedNetwork
        The network that was integrated.
    run : xarray.Dataset
        Its run, from `simulate`: at least the class modes are recorded,
        ``modes=network.class_indices``, with fixed steps, ``dt=network.step``.
    last : float
        Share of the run, its end, to average over; the rest is for settling.

    Returns
    -------
    Reading

    Raises
    ------
    ValueError
        If the class modes were not recorded, or not often enough; for `last` outside (0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from wetcow import datasets, simulate
    >>> from wetcow.learning.classifier import WaveClassifier
    >>> from wetcow.learning.dynamics.network import SETTLING_TIME
    >>> X, y = datasets.load("digits")
    >>> clf = WaveClassifier(n_modes=8).fit(X[:600], y[:600])
    >>> network = clf.to_network(X[600])
    >>> run = simulate(
    ...     network,
    ...     SETTLING_TIME,
    ...     num_samples=201,
    ...     dt=network.step,
    ...     precision="single",
    ...     modes=network.class_indices,
    ... )
    >>> bool(read_class(network, run).label == clf.predict(X[600:601])[0])
    True
    """
    if not 0 < last <= 1:
        raise ValueError(f"last must be a share of the run, above 0 and at most 1; got {last}")
    wanted = network.class_indices
    if "a" not in run or not np.isin(wanted, run.mode).all():
        raise ValueError(
            "the run must have the trajectories of all class modes: record them with "
            "simulate(network, modes=network.class_indices)"
        )
    a = run.a.sel(mode=wanted).transpose("time", "mode").values
    times = run.time.values
    # Bool arrays are compared in NumPy; the last part has the sample at its start.
    part = times >= times[-1] - last * (times[-1] - times[0]) * (1 + 1e-12)
    omega = float(network.class_omega)
    step = float(times[1] - times[0])
    if part.sum() < _FEWEST or step * omega > _COARSEST:
        raise ValueError(
            f"the run has {part.sum()} samples in its last part, {step:g} apart; class modes of "
            f"frequency {omega:g} need at least {_FEWEST}, at most {_COARSEST / omega:g} apart: "
            "increase num_samples"
        )
    amplitude = _mean(np.abs(a[part]) / omega)
    # Of modes that vanished altogether, that which vanished last decayed slowest.
    lasted = np.count_nonzero(np.abs(a) >= _smallest(a), axis=0)
    winner = np.lexsort((lasted, np.where(amplitude * omega < _smallest(a), 0, amplitude)))[-1]
    return Reading(
        label=np.asarray(network.classes)[winner],
        amplitude=amplitude,
        criticality=_criticality(a[part], step, omega),
    )


def _smallest(a: np.ndarray) -> float:
    """Amplitude that still decays: increments below the smallest normal number are lost."""
    return 1e4 * float(np.finfo(a.dtype).tiny)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis with Hann's window, float64."""
    window = np.hanning(len(values) + 2)[1:-1]
    return np.tensordot(window / window.sum(), values.astype(np.float64), axes=1)


def _criticality(a: np.ndarray, step: float, omega: float) -> np.ndarray:
    """Mean criticality of modes from their trajectories (k, n), by [11]."""
    w_a, _, psi, alpha = CANONICAL
    amplitude = np.abs(a).astype(np.float64)
    vanished = (amplitude < _smallest(a)).any(axis=0)
    logarithm = np.log(np.where(vanished, 1, amplitude))
    nonlinear = amplitude * (w_a * np.cos(np.angle(a) - psi) - alpha)
    # Between samples: differences of ln A are exact there, and the rest is the mean of two.
    between = np.diff(logarithm, axis=0) / step - (nonlinear[1:] + nonlinear[:-1]) / 2
    gamma = np.where(vanished, -np.inf, _mean(between))
    return gamma * float(in_double(critical_ratio)(CANONICAL)) / omega
