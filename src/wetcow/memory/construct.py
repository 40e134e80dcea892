"""Construct a critically synchronized memory [26-30]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from wetcow import validation
from wetcow.memory.attract import Judge, settle
from wetcow.memory.bounds import allowed_links, bounds_of, drawn, fill_saturated, phase_bound
from wetcow.memory.conditions import Conditions, as_memories, conditions
from wetcow.memory.families import checked_lags
from wetcow.memory.feasibility import infeasible, require_reach
from wetcow.memory.fronts import memorize_fronts
from wetcow.memory.projection import Row, nearest
from wetcow.modes.criticality import CANONICAL
from wetcow.modes.mode import Mode
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.networks.sparse import SPARSE_BELOW, Sparse
from wetcow.validation import array


def memorize(
    target: Mode | Sequence[Mode],
    omega: Any,
    background: Any = 0.0,
    *,
    max_weight: Any = np.inf,
    max_phase: Any = None,
    links: Any = None,
    subsets: Sequence[Any] | None = None,
    seed: Any = None,
    margin: float | None = None,
    optimise: bool = False,
    unstable: Literal["warn", "raise", "ignore"] = "warn",
    ridge: float | None = None,
    lags: Any = None,
    w_a: Any = CANONICAL.w_a,
    w_phi: Any = CANONICAL.w_phi,
    psi: Any = CANONICAL.psi,
    alpha: Any = CANONICAL.alpha,
) -> Network:
    """Couple modes so that together they replay `target`, a critically synchronized memory.

    Mode i, of excitation γ_i and frequency ω_i, gets couplings R_ij = w_ij e^{−iδ_ij} with

        Σ_{j∈S} R_ij c_j/c_i = (γ̄_i − γ_i) + i (ω_s − ω_i),    i ∈ S,

    the conditions [26-30] with the sign of [30] that follows from [20]. S are the members of the
    memory, all modes by default; γ̄_i = γ_s and c_i = 1 when all modes have the target's constants.
    Then the modes running as copies of the target are an exact solution, however different their
    γ_i and ω_i. Whether it attracts depends on the couplings: see `margin`.

    Among all couplings that satisfy the conditions and the bounds those nearest to zero are
    returned (the minimum norm), or with a `seed` those nearest to random ones, w_ij uniform in
    [0, max_weight] and δ_ij in [−max_phase, max_phase]. Where `max_weight` is infinite the draw
    extends to twice the mean weight a mode needs. If with them the synchronized motion does not
    attract (`wetcow.stability`), others follow: on the straight line to the minimum norm, all of
    which satisfies conditions and bounds, the nearest that attract; else from its end along the
    gradient of the largest exponent.

    Parameters
    ----------
    target : Mode, or sequence of K Modes
        What to replay: single modes with γ_s > 0 and ω_s > 0. One Mode serves all `subsets`. Or a
        Mode of n, one for each of the network's, which all spike at one rate (`equal_rate`): then
        each keeps a wave front of its own (see Notes).
    omega : array (n,)
        Frequencies ω_i of the network's modes, radians/time; n ≥ 2.
    background : float or array (n,)
        Excitation γ_i the modes have without the memory, 1/time.
    max_weight : float or array (n, n)
        Largest w_ij up to rounding, 1/time; entry [i, j] bounds the link from j to i.
    max_phase : float or array (n, n), optional
        Largest |δ_ij|, radians: at most π/2, or π. Default: not bounded.
    links : bool array (n, n), optional
        Allowed links; links[i, j] is from j to i, the diagonal is ignored. Default: between
        modes that share a subset. Links that no condition contains keep the drawn values, and are
        zero without a seed.
    subsets : sequence of K integer arrays, optional
        Members of each memory; they may overlap. A mode then has one condition per memory.
    seed : int or numpy.random.Generator, optional
        Source of the draw.
    margin : float, optional
        The largest exponent of each memory, the neutral one aside, is to be below −margin, 1/time.
        Default: couplings that attract at all stay as they are; others are changed until it is
        below −0.5 ω_s, if that can be reached: with less the basin of attraction may be small.
    optimise : bool
        Of all couplings within the bounds take those with which the modes synchronize fastest: by
        gradient of the largest exponent, to a local optimum. Needs a finite `max_weight`.
    unstable : {"warn", "raise", "ignore"}
        What to do if no couplings were found with which the synchronized motion attracts (or does
        so by `margin`): an `UnstableMemoryWarning`, an `UnstableMemoryError`, or nothing; then
        exponents are not computed at all, unless `margin` or `optimise` need them.
    ridge : float, optional
        For different wave fronts: the price of heavy couplings, without dimension. Default 0.1;
        where the motion does not attract smaller ones follow.
    lags : array (n,), optional
        Shares of the period by which each mode is later: ``np.arange(n) / n`` for a wave that
        travels once around. One Mode as the target then serves all.
    w_a, w_phi, psi, alpha : float or array (n,)
        Nonlinear constants of the network's modes; see `wetcow.Mode`.

    Returns
    -------
    Network
        With `Sparse` coupling if `links` is given and allows less than a tenth of all pairs, else
        `Dense`. The construction itself uses dense arrays, about 300 n² bytes for one memory.

    Raises
    ------
    InfeasibleMemoryError
        A ValueError naming the modes whose conditions cannot be met within the bounds, and why.
    UnstableMemoryError
        A ValueError, with ``unstable="raise"``.
    ValueError
        For arguments of wrong shape or value, or constants at which modes cannot spike like the
        target.

    Notes
    -----
    *Other constants than the target's.* If all members share them, only γ̄_i changes: it is the
    excitation at which they spike at the target's frequency for ω̄_i = ω_s, and the synchronized
    motion remains exact. If members differ among themselves this is an **approximation**: each has
    another wave form, of which only the mean amplitude c_i enters (as c_j/c_i), and each its own
    γ̄_i. Measured with w_a, w_φ and α of ten modes scattered uniformly (target γ = 1.9, six draws,
    random initial phases): all modes lock to one frequency, with a phase order parameter of at
    least 0.999. It differs from the target's by at most 1 % for a scatter of ±2 %, 2.3 % for ±5 %,
    4.5 % for ±10 % (18.6 % if amplitudes are ignored, c_i = 1) and 9.4 % for ±20 %.

    *Different wave fronts.* Modes of one rate, with their peaks in time, are each other's input:
    Σ_j R_ij b_j(t) = κ_i b_i(t) along the period, in the least-squares sense with the `ridge`. What
    is asked for is then changed until the true periodic motion has the rate and the heights of
    peaks that were wanted, to 0.1 %; errors above 5 % are a `WaveFrontWarning`. Modes that share
    one rate are made of few different wave forms (`wetcow.memory.wave_family`), so that couplings
    have much freedom left. The motion is judged by its exponents, as others are.

    *Waves that travel.* With `lags` modes are each other's input at other times of the period: a
    wave of h harmonics needs more modes than that, and shifts without order are represented less
    well. Amplitudes have a mean over the period, so that the couplings keep the modes in synchrony
    as well: from random phases they end there. To have the wave, start near it.

    *What is judged.* Each memory by its members alone, as if the other modes were silent. Not
    judged by default are memories of more than 256 members, members with constants that differ
    among themselves, and targets that are bistable. The exponents take about 0.1 s for ten modes
    and 2 s for a hundred; ``unstable="ignore"`` leaves them out.

    Examples
    --------
    >>> omega = np.linspace(0.5, 1.5, 10)
    >>> net = memorize(Mode(gamma=1.9), omega, background=0.2, max_weight=0.25, seed=0)
    >>> running = net.synchronized()
    >>> bool(np.allclose(running.gamma, 1.9)), bool(np.allclose(running.omega, 1.0))
    (True, True)
    """
    frequencies = array("omega", omega, empty=True)
    if frequencies.ndim != 1 or len(frequencies) < 2:
        raise ValueError(
            "omega must hold the frequencies of two or more modes, shape (n,); got shape "
            f"{frequencies.shape}. For equal frequencies use np.full(n, omega)"
        )
    size = len(frequencies)
    modes = Mode(gamma=background, omega=frequencies, w_a=w_a, w_phi=w_phi, psi=psi, alpha=alpha)
    lags = checked_lags(lags, size)
    target = target if lags is None else _for_each(target, size)
    fronts = target if isinstance(target, Mode) and target.shape != () else None
    if fronts is not None:
        _check_alone(fronts, size, subsets=subsets, optimise=optimise)
    elif ridge is not None:
        raise ValueError("ridge is for targets with different wave fronts, a Mode of n, or lags")
    alone = ([], [np.arange(size)])
    targets, members = as_memories(target, subsets, size) if fronts is None else alone
    if seed is not None and not isinstance(seed, np.random.Generator):
        seed = validation.integer("seed", seed, minimum=0)
    allowed = allowed_links(links, members, size)
    weight = bounds_of("max_weight", max_weight, allowed)
    phase = phase_bound(max_phase, allowed)
    if margin is not None:
        margin = validation.number("margin", margin, minimum=0)
    if unstable not in ("warn", "raise", "ignore"):
        raise ValueError(f'unstable must be "warn", "raise" or "ignore", got {unstable!r}')
    if optimise and not np.all(np.isfinite(weight)):
        raise ValueError("optimise needs a finite max_weight: heavier couplings are ever faster")

    if fronts is not None:
        r = memorize_fronts(
            fronts,
            modes,
            lags=lags,
            weight=weight,
            phase=phase,
            draw=_drawn_fronts(seed, fronts, modes, allowed, weight, phase),
            ridge=ridge,
            margin=margin,
            unstable=unstable,
        )
        return _network(r, modes, allowed, links)

    needed = conditions(modes, targets, members)
    needed = Conditions(needed.factor * allowed[:, None, :], needed.total)
    require_reach(needed, members, weight, phase, np.ndim(max_weight) == 0)
    row, r = _nearest_to_draw(needed, allowed, weight, phase, seed)
    if unstable != "ignore" or margin is not None or optimise:
        judge = Judge.of(modes, targets, members, patient=margin is not None or optimise)
        r = settle(r, row, judge, margin=margin, optimise=optimise, unstable=unstable)
    return _network(r, modes, allowed, links)


def _nearest_to_draw(
    needed: Conditions, allowed: np.ndarray, weight: np.ndarray, phase: np.ndarray, seed: Any
) -> tuple[Row, np.ndarray]:
    """What couplings must satisfy, and those of them nearest to drawn ones; to zero undrawn."""
    draw = np.zeros(allowed.shape, dtype=complex)
    if seed is not None:
        draw = drawn(np.random.default_rng(seed), needed, allowed, weight, phase)
        fill_saturated(draw, needed, weight)
    total = np.stack([needed.total.real, needed.total.imag], axis=1)
    row = Row(draw=draw, factor=needed.factor, total=total, weight=weight, phase=phase)
    solution = nearest(row)
    if not solution.solved.all():
        raise infeasible(row, solution)
    return row, solution.x


def _network(r: np.ndarray, modes: Mode, allowed: np.ndarray, links: Any) -> Network:
    coupling, size = Dense(r), modes.size
    if links is not None and allowed.sum() < SPARSE_BELOW * size * (size - 1):
        coupling = Sparse.from_matrix(r)
    return Network(coupling=coupling, **modes.parameters())


def _for_each(target: Any, size: int) -> Any:
    """One mode as n alike; others as they are."""
    if not isinstance(target, Mode) or target.shape != ():
        return target
    return Mode(**{name: np.full(size, value) for name, value in target.parameters().items()})


def _check_alone(target: Mode, size: int, *, subsets: Any, optimise: bool) -> None:
    """Raise for what does not go with different wave fronts."""
    if target.shape != (size,):
        raise ValueError(
            "target must be a single wetcow.Mode, or, for different wave fronts, have one mode for "
            f"each of the network's, ({size},), got {target.shape}"
        )
    if subsets is not None or optimise:
        raise ValueError(
            "different wave fronts are of one memory of all modes, without subsets or optimise"
        )


def _drawn_fronts(
    seed: Any, target: Mode, modes: Mode, allowed: Any, weight: Any, phase: Any
) -> np.ndarray:
    """What is drawn, as of `drawn`: without bounds, twice the mean weight that each mode needs."""
    if seed is None:
        return np.zeros(allowed.shape, complex)
    total = (target.gamma - modes.gamma) + 1j * (target.omega - modes.omega)
    factor = allowed[:, None, :].astype(float)
    needed = Conditions(factor, np.broadcast_to(total, modes.size)[:, None])
    return drawn(np.random.default_rng(seed), needed, allowed, weight, phase)
