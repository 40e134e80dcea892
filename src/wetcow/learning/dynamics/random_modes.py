"""Random modes in finite number, in place of the continuum between hidden and class modes.

A memory of examples is the limit of infinitely many random modes. With some of them drawn, class
modes are coupled to these in closed form, to be critical for the stored examples of their class and
at rest for others [26, 27]; the more there are, the closer their answers come to the limit.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from wetcow.learning.data.samples import targets_of
from wetcow.learning.model.activation import codes
from wetcow.learning.model.memory.projection import Projection
from wetcow.learning.model.readout import MemoryReadout, Readout
from wetcow.learning.model.ridge import solve
from wetcow.learning.model.statistics import accumulate
from wetcow.modes.kernel_matrix import BLOCK

N_RANDOM = 2048
"""Random modes unless told otherwise."""


class RandomModes(NamedTuple):
    """Random modes of one classifier, and the class modes coupled to them.

    Attributes
    ----------
    projection : Projection or None
        From codes to the components that random modes see; None for tables.
    drive : float32 array (components, n)
        Couplings w ~ N(0, 1) to unit rows.
    threshold, omega : float
        θ and ω of all of them, in units of the spread of their drives.
    coupling : float64 array (n, classes)
        w cos δ of the class modes to mean amplitudes, in units of γ_c.
    bias : float64 array (classes,)
        Excitation of the class modes without input, in units of γ_c.
    """

    projection: Projection | None
    drive: np.ndarray
    threshold: float
    omega: float
    coupling: np.ndarray
    bias: np.ndarray

    def amplitudes(self, rows: np.ndarray) -> np.ndarray:
        """Mean amplitudes φ of the modes for unit rows, float32 (k, n)."""
        driven = rows @ self.drive - np.float32(self.threshold)
        return np.asarray(codes(jnp.asarray(driven), self.omega)[0])

    def criticality(self, rows: np.ndarray) -> np.ndarray:
        """Criticality of the class modes for unit rows, float64 (k, classes)."""
        return self.amplitudes(rows).astype(np.float64) @ self.coupling + self.bias


def draw_random_modes(readout: Readout, n_random: int = N_RANDOM, seed: int = 0) -> RandomModes:
    """Draw random modes for a memory, and couple class modes to them.

    Parameters
    ----------
    readout : MemoryReadout
        If it has landmarks, which have no class, class modes are to answer to these as they do in
        the limit.
    n_random : int
        How many; the solution takes n_random² numbers.
    seed : int
        Of the couplings.

    Raises
    ------
    ValueError
        For a read-out without a memory, and a kernel whose code is not the amplitude.

    Examples
    --------
    >>> from wetcow import WaveClassifier, datasets
    >>> X, y = datasets.load("digits")
    >>> clf = WaveClassifier(n_modes=16).fit(X[:600], y[:600])
    >>> modes = draw_random_modes(clf.readout_, 1024)
    >>> unseen = clf.readout_.projection(clf.hidden_.codes(X[600:800].reshape(200, -1)))
    >>> found = modes.criticality(unseen).argmax(axis=1)
    >>> bool(np.mean(found == clf.predict(X[600:800])) > 0.95)
    True
    """
    if not isinstance(readout, MemoryReadout):
        raise ValueError(
            "a classifier with the linear class modes of an earlier version has no network: fit "
            "it again"
        )
    memory, kernel = readout.memory, readout.memory.kernel
    if kernel.code != "amplitude":
        raise ValueError(f"random modes answer by their amplitude, not by {kernel.code!r}")
    rng = np.random.default_rng(seed)
    drive = rng.standard_normal((memory.rows.shape[1], n_random), np.float32)
    nothing = np.empty((0, 0))
    modes = RandomModes(
        projection=readout.projection,
        drive=drive,
        threshold=kernel.threshold,
        omega=kernel.omega,
        coupling=nothing,
        bias=nothing,
    )
    weights = np.ones(len(memory.rows))
    if readout.examples is None:
        targets = memory.criticality(memory.rows)
    else:
        targets = targets_of(readout.examples.labels, len(memory.bias))
        weights = readout.examples.weights
    # So that inner products of answers are the kernel, κ(1) = 1.
    one = modes.amplitudes(memory.rows[:BLOCK])
    scale = np.sqrt(n_random * np.mean(one**2, dtype=np.float64))
    starts = range(0, len(targets), BLOCK)
    parts = (slice(start, start + BLOCK) for start in starts)
    sums = accumulate(
        (modes.amplitudes(memory.rows[part]) / np.float32(scale), targets[part], weights[part])
        for part in parts
    )
    solved = solve(sums, kernel.noise / sums.count)
    return modes._replace(coupling=solved.coupling / scale, bias=solved.gamma)
