"""What a memory asks of the couplings: linear conditions, one per member and memory [26-30].

Modes that run as copies of each other, a_j = a_i, receive Σ_j R_ij a_j = (Σ_j R_ij) a_i, so that
mode i is a single mode with excitation γ_i + Re Σ_j R_ij and frequency ω_i + Im Σ_j R_ij. It is
the target (γ_s, ω_s) if

    Σ_j R_ij = (γ_s − γ_i) + i (ω_s − ω_i),

the sums running over the members of the memory. The synchronized motion is then a solution of
[19, 20], whatever γ_i and ω_i are; whether it attracts is another question.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wetcow.modes.criticality import Constants, critical_ratio
from wetcow.modes.mode import Mode
from wetcow.modes.response import response
from wetcow.networks.network import Network
from wetcow.precision import in_double

MAX_ROOT_STEPS = 60
FREQUENCY_TOLERANCE = 1e-10


class Conditions(NamedTuple):
    """Σ_j ``factor[i, k, j]`` R_ij = ``total[i, k]`` for mode i in memory k.

    Attributes
    ----------
    factor : array (n, K, n)
        c_j/c_i, the ratio of mean amplitudes, where i ≠ j are members of memory k; else 0.
    total : complex array (n, K)
        (γ̄_i − γ_i) + i (ω_s − ω_i), 1/time, where i is a member of memory k; else 0.
    """

    factor: NDArray[np.float64]
    total: NDArray[np.complex128]


def _respond(c: np.ndarray, sets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequency and mean amplitude of modes with ω = 1, γ = c (m,) and constants `sets`, (m, 4)."""
    frequency, amplitude = response(c, Constants(*sets.T))
    return np.asarray(frequency), np.asarray(amplitude)


def _spiking_like(frequency: float, criticality: float, sets: np.ndarray) -> np.ndarray:
    """γ/ω at which modes with constants `sets`, (m, 4), spike at `frequency` ∈ (0, 1) times ω.

    The frequency falls from 1 to 0 with γ; in x = sqrt(1 − cr) it rises almost linearly, so that
    regula falsi (Illinois variant, which also moves a resting end) needs few limit cycles; the
    first is that at the target's `criticality`.
    """
    ratio = np.asarray(in_double(critical_ratio)(Constants(*sets.T)))
    low, high = np.zeros(len(sets)), np.ones(len(sets))
    at_low, at_high = low - frequency, high - frequency
    before = np.zeros(len(sets))
    x = np.full(len(sets), np.sqrt(1 - criticality))
    for _ in range(MAX_ROOT_STEPS):
        error = _respond((1 - x**2) / ratio, sets)[0] - frequency
        if not np.any(np.abs(error) > FREQUENCY_TOLERANCE * frequency):  # NaN ends it as well
            break
        below, again = error < 0, np.sign(error) == before
        at_low, at_high = (
            np.where(below, error, np.where(again, at_low / 2, at_low)),
            np.where(below, np.where(again, at_high / 2, at_high), error),
        )
        low, high = np.where(below, x, low), np.where(below, high, x)
        before = np.sign(error)
        x = (low * at_high - high * at_low) / (at_high - at_low)
    if not np.all(np.abs(error) <= 1e-6 * frequency):
        worst = sets[np.argmax(np.where(np.isfinite(error), np.abs(error), np.inf))]
        raise ValueError(
            f"modes with {Constants(*worst.tolist())} have no limit cycle that spikes at "
            f"{frequency:.6g} times omega, the target's frequency; use constants nearer to the "
            "target's, or a target with another gamma"
        )
    return (1 - x**2) / ratio


def equivalent(target: Mode, constants: Constants) -> tuple[np.ndarray, np.ndarray]:
    """Total excitation at which modes spike like `target` at its ω, and their mean amplitudes.

    Parameters
    ----------
    target : Mode
        A single mode, γ_s > 0.
    constants : Constants
        Arrays (m,), the constants of the modes.

    Returns
    -------
    gamma, amplitude : arrays (m,)
        γ̄_i (the target's own where the constants are its own), 1/time; c_i, amplitude units (1
        if all modes have the same constants: only ratios matter). A silent target does not
        determine γ̄_i by its frequency; then γ̄_i gives modes the target's criticality.
    """
    own = np.stack(constants, axis=-1)
    sets, which = np.unique(own, axis=0, return_inverse=True)
    like_target = np.all(sets == np.array([float(value) for value in target.constants]), axis=1)
    gamma = np.full(len(sets), float(target.gamma))
    if not like_target.all():
        omega = float(target.omega)
        frequency = float(target.spiking_frequency()) / omega
        if np.isnan(frequency):
            raise ValueError(
                f"a target with gamma={float(target.gamma)} is {target.state}: it has no one "
                "frequency that modes with other constants could share; choose another gamma"
            )
        if frequency > 0:
            others = omega * _spiking_like(frequency, float(target.criticality), sets[~like_target])
        else:
            ratio = in_double(critical_ratio)(Constants(*sets[~like_target].T))
            others = float(target.criticality) * omega / np.asarray(ratio)
        gamma[~like_target] = others
    amplitude = np.ones(len(sets))
    if len(sets) > 1:
        c = gamma / float(target.omega)
        amplitude = float(target.omega) * _respond(c, sets)[1]
        if np.any(np.isnan(amplitude)):
            which_one = Constants(*sets[np.isnan(amplitude)][0].tolist())
            raise ValueError(
                f"modes with {which_one} can both rest and spike in this memory, with different "
                "amplitudes; choose a target with another gamma, or other constants"
            )
    return gamma[which], amplitude[which]


def conditions(modes: Mode, targets: Sequence[Mode], subsets: Sequence[np.ndarray]) -> Conditions:
    """Conditions for memories `targets`, each carried by the modes in its subset.

    Parameters
    ----------
    modes : Mode
        The n modes of the network.
    targets : K single Modes
    subsets : K index arrays
        Members of each memory.

    Returns
    -------
    Conditions
    """
    size = modes.size
    full = [np.broadcast_to(np.asarray(value), (size,)) for value in modes.parameters().values()]
    own_gamma, own_omega, *constants = full
    factor = np.zeros((size, len(targets), size))
    total = np.zeros((size, len(targets)), dtype=complex)
    for k, (target, members) in enumerate(zip(targets, subsets, strict=True)):
        gamma, amplitude = equivalent(target, Constants(*(value[members] for value in constants)))
        ratios = amplitude[None, :] / amplitude[:, None]
        np.fill_diagonal(ratios, 0)
        factor[members[:, None], k, members[None, :]] = ratios
        excitation = gamma - own_gamma[members]
        total[members, k] = excitation + 1j * (float(target.omega) - own_omega[members])
    return Conditions(factor, total)


def as_memories(target: Any, subsets: Any, size: int) -> tuple[list[Mode], list[np.ndarray]]:
    """Check targets and subsets of a network of `size` modes; one target serves all subsets."""
    if not isinstance(target, Mode | Sequence):
        raise ValueError(f"target must be a Mode or a sequence of Modes, got {target!r}")
    if subsets is None:
        if not isinstance(target, Mode):
            raise ValueError(
                "several targets need subsets, one array of mode numbers for each; got "
                f"target={type(target).__name__} and subsets=None"
            )
        subsets = [np.arange(size)]
    members = [_members(k, subset, size) for k, subset in enumerate(subsets)]
    targets = [target] * len(members) if isinstance(target, Mode) else list(target)
    if not members or len(targets) != len(members):
        raise ValueError(
            f"every memory needs a target and a subset, got {len(targets)} targets and "
            f"{len(members)} subsets"
        )
    for k, mode in enumerate(targets):
        if not isinstance(mode, Mode) or mode.shape != ():
            raise ValueError(f"target {k} must be a single wetcow.Mode, got {mode}")
        if not (mode.gamma > 0 and mode.omega > 0):
            raise ValueError(
                f"target {k} must have gamma > 0 and omega > 0, or there is no spiking to "
                f"remember; got gamma={mode.gamma}, omega={mode.omega}"
            )
    return targets, members


def _members(k: int, subset: Any, size: int) -> np.ndarray:
    members = np.asarray(subset)
    if members.ndim != 1 or not np.issubdtype(members.dtype, np.integer):
        raise ValueError(
            f"subset {k} must be a 1-D array of mode numbers, got dtype {members.dtype} and shape "
            f"{members.shape}; for a mask use np.flatnonzero(mask)"
        )
    if len(members) < 2 or len(np.unique(members)) != len(members):
        raise ValueError(f"subset {k} must have two or more distinct modes, got {members}")
    if members.min() < 0 or members.max() >= size:
        raise ValueError(f"subset {k} must name modes 0…{size - 1}, got {members}")
    return members


def _matrix(network: Network) -> np.ndarray:
    return np.asarray(in_double(lambda coupling: coupling.matrix())(network.coupling))


def residual(network: Network, target: Any, subsets: Any = None) -> float:
    """Largest violation of the conditions of memories, 1/time.

    max over memories k and i ∈ S_k of |Σ_{j∈S_k} R_ij c_j/c_i − (γ̄_i − γ_i) − i(ω_s − ω_i)|; see
    `memorize` for the symbols, the parameters and what they raise.

    Examples
    --------
    >>> from wetcow.memory import memorize
    >>> net = memorize(Mode(gamma=1.9), omega=[0.5, 1.0, 1.5])
    >>> residual(net, Mode(gamma=1.9)) < 1e-12
    True
    """
    targets, members = as_memories(target, subsets, network.size)
    modes = network.modes.replace(omega=np.broadcast_to(network.modes.omega, network.size))
    factor, total = conditions(modes, targets, members)
    reached = np.einsum("ikj,ij->ik", factor, _matrix(network))
    return float(np.max(np.abs(reached - total)))


def interference(network: Network, subsets: Sequence[Any]) -> np.ndarray:
    """How much a memory disturbs another when both are active.

    While memory k runs alone its member i has the total γ̄_i + iω̄_i = γ_i + iω_i + Σ_{j∈S_k} R_ij.
    If the other members of memory l join, with equal amplitude and phase, they add
    Σ_{j∈S_l∖S_k} R_ij. Entry [k, l] is the largest ratio of moduli,

        max_{i∈S_k} |Σ_{j∈S_l∖S_k} R_ij| / |γ̄_i + iω̄_i|,

    dimensionless, zero on the diagonal; not symmetric. Other phases only turn the added terms.

    Parameters
    ----------
    network : Network
    subsets : K arrays of mode numbers

    Returns
    -------
    array (K, K)

    Raises
    ------
    ValueError
        For subsets that are not arrays of two or more distinct mode numbers.

    Examples
    --------
    Memories without a common mode are not coupled at all by default:

    >>> from wetcow.memory import memorize
    >>> subsets = [[0, 1, 2], [3, 4]]
    >>> net = memorize(Mode(gamma=1.9), omega=np.linspace(0.8, 1.2, 5), subsets=subsets)
    >>> float(interference(net, subsets).max())
    0.0
    """
    members = [_members(k, subset, network.size) for k, subset in enumerate(subsets)]
    inside = np.zeros((len(members), network.size), dtype=bool)
    for k, subset in enumerate(members):
        inside[k, subset] = True
    r = _matrix(network)
    own = np.broadcast_to(network.modes.gamma + 1j * network.modes.omega, network.size)
    running = own[:, None] + r @ inside.T
    strength = np.zeros((len(members), len(members)))
    for k, subset in enumerate(members):
        joining = r[subset] @ (inside & ~inside[k]).T
        strength[k] = np.max(np.abs(joining) / np.abs(running[subset, k])[:, None], axis=0)
    return strength
