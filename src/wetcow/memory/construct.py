"""Construct a critically synchronized memory [26-30]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wetcow.memory.conditions import Conditions, as_memories, conditions
from wetcow.memory.projection import Row, nearest, shortfall, take
from wetcow.modes.criticality import CANONICAL
from wetcow.modes.mode import Mode
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.networks.sparse import SPARSE_BELOW, Sparse
from wetcow.validation import array

SHOWN = 3
ROUNDING = 1e-13
SATURATED = 1e-10


class InfeasibleMemoryError(ValueError):
    """The couplings that were asked for do not exist.

    Attributes
    ----------
    modes : tuple of int
        The modes whose conditions cannot be met.
    """

    def __init__(self, lines: dict[int, str], advice: str = ""):
        self.modes = tuple(sorted(lines))
        parts = [lines[mode] for mode in self.modes[:SHOWN]]
        if len(lines) > SHOWN:
            parts.append(f"and {len(lines) - SHOWN} more")
        super().__init__("no such couplings exist: " + "; ".join(parts) + advice)


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
    γ_i and ω_i. Whether it attracts depends on the couplings, and is for `simulate` to show.

    Among all couplings that satisfy the conditions and the bounds those nearest to zero are
    returned (the minimum norm), or with a `seed` those nearest to random ones, w_ij uniform in
    [0, max_weight] and δ_ij in [−max_phase, max_phase]. Where `max_weight` is infinite the draw
    extends to twice the mean weight a mode needs.

    Parameters
    ----------
    target : Mode, or sequence of K Modes
        What to replay: single modes with γ_s > 0 and ω_s > 0. One Mode serves all `subsets`.
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
    modes = Mode(background, frequencies, w_a, w_phi, psi, alpha)
    targets, members = as_memories(target, subsets, size)
    allowed = _allowed(links, members, size)
    weight = _bound("max_weight", max_weight, allowed)
    phase = _phase_bound(max_phase, allowed)

    needed = conditions(modes, targets, members)
    factor = needed.factor * allowed[:, None, :]
    needed = Conditions(factor, needed.total)
    _require_reach(needed, members, weight, phase, np.ndim(max_weight) == 0)

    draw = np.zeros((size, size), dtype=complex)
    if seed is not None:
        draw = _draw(np.random.default_rng(seed), needed, allowed, weight, phase)
        _fill_saturated(draw, needed, weight)
    total = np.stack([needed.total.real, needed.total.imag], axis=1)
    row = Row(draw, factor, total, weight, phase)
    solution = nearest(row)
    if not solution.solved.all():
        raise _infeasible(row, solution)

    coupling = Dense(solution.x)
    if links is not None and allowed.sum() < SPARSE_BELOW * size * (size - 1):
        coupling = Sparse.from_matrix(solution.x)
    return Network(coupling=coupling, **modes.parameters())


def _allowed(links: Any, members: list[np.ndarray], size: int) -> np.ndarray:
    if links is None:
        allowed = np.zeros((size, size), dtype=bool)
        for subset in members:
            allowed[np.ix_(subset, subset)] = True
    else:
        allowed = np.array(links)
        if allowed.shape != (size, size) or allowed.dtype != bool:
            raise ValueError(
                f"links must be a boolean array ({size}, {size}), entry [i, j] allowing the link "
                f"from j to i; got dtype {allowed.dtype} and shape {allowed.shape}"
            )
    np.fill_diagonal(allowed, False)
    return allowed


def _bound(name: str, value: Any, allowed: np.ndarray) -> np.ndarray:
    """Bounds of all links, (n, n); zero where there is none."""
    bound = array(name, value, finite=False, empty=True)
    if bound.shape not in ((), allowed.shape):
        raise ValueError(
            f"{name} must be a number or have shape {allowed.shape}, got {bound.shape}"
        )
    bound = np.where(allowed, bound, 0)
    if not np.all(bound >= 0):
        raise ValueError(f"{name} must not be negative or NaN, got {value}")
    return bound


def _phase_bound(max_phase: Any, allowed: np.ndarray) -> np.ndarray:
    phase = _bound("max_phase", np.pi if max_phase is None else max_phase, allowed)
    # Rounding in user arithmetic such as np.deg2rad must not decide.
    phase = np.where(np.isclose(phase, np.pi / 2, rtol=1e-14, atol=0), np.pi / 2, phase)
    if np.any((phase > np.pi / 2) & (phase != np.pi)):
        raise ValueError(
            "max_phase must be at most pi/2, or pi (no bound): in between, the sum of two allowed "
            "couplings may have a forbidden phase, so that the nearest couplings are not unique; "
            f"got {max_phase}"
        )
    return phase


def _draw(
    rng: np.random.Generator,
    needed: Conditions,
    allowed: np.ndarray,
    weight: np.ndarray,
    phase: np.ndarray,
) -> np.ndarray:
    """Draw couplings, complex (n, n); all pairs are drawn, so that `links` only deletes some."""
    strength, turn = rng.uniform(size=weight.shape), rng.uniform(-1, 1, size=weight.shape)
    reach = np.maximum(needed.factor.sum(axis=-1), 1e-300)
    typical = 2 * np.max(np.abs(needed.total) / reach, axis=1)
    scale = np.where(np.isfinite(weight), weight, typical[:, None])
    return np.where(allowed, scale * strength * np.exp(-1j * phase * turn), 0)


def _fill_saturated(draw: np.ndarray, needed: Conditions, weight: np.ndarray) -> None:
    """Replace the draw by the only solution where a single condition uses up all weights.

    There all couplings are w_j t/|t|, a point the solver reaches from another draw only in the
    limit μ → ∞.
    """
    size = np.abs(needed.total)
    reach = (needed.factor @ np.where(np.isfinite(weight), weight, 1e300)[..., None])[..., 0]
    once = np.sum(needed.factor.any(axis=-1), axis=1) == 1
    full = once & np.any((size > 0) & (size >= reach * (1 - SATURATED)), axis=1)
    for i in np.flatnonzero(full):
        k = np.argmax(size[i])
        linked = needed.factor[i, k] > 0
        draw[i, linked] = weight[i, linked] * needed.total[i, k] / reach[i, k]


def _require_reach(
    needed: Conditions,
    members: list[np.ndarray],
    weight: np.ndarray,
    phase: np.ndarray,
    one_weight: bool,
) -> None:
    """Raise if some condition by itself is beyond reach.

    The sum of convex sets {|x| ≤ w_j, |arg x| ≤ p}, scaled by F_j, is {|x| ≤ Σ_j F_j w_j, |arg x| ≤
    p}: for one memory and equal phase bounds in a row this test is exact. Otherwise (p then is the
    largest) it is necessary only, and the solver finds the rest.
    """
    lines: dict[int, str] = {}
    stretch, lift = 1.0, 0.0
    for k, subset in enumerate(members):
        factor, total = needed.factor[subset, k], needed.total[subset, k]
        linked = factor > 0
        reach = np.sum(np.where(linked, weight[subset], 0) * np.where(linked, factor, 1), axis=1)
        widest = np.max(np.where(linked, phase[subset], 0), axis=1)
        size = np.abs(total)
        angle = np.where(size > 0, np.abs(np.angle(total)), 0)
        # Also through the total: subtracting γ_i from γ_s leaves rounding of the size of ω.
        across = size * np.sin(np.clip(angle - widest, 0, np.pi / 2))
        isolated = ~linked.any(axis=1) & (size > 0)
        weak = (size > reach * (1 + ROUNDING)) & ~isolated
        turned = (across > ROUNDING) & ~isolated
        name = f" in memory {k}" if len(members) > 1 else ""
        for i in np.flatnonzero(isolated | weak | turned):
            needs = f"mode {subset[i]} needs |Σ R| = {size[i]:.4g}{name}"
            why = []
            if isolated[i]:
                why.append("no link from another member reaches it: allow some in links")
            if weak[i]:
                mean = reach[i] / np.sum(linked[i])
                why.append(
                    f"its {np.sum(linked[i])} links of at most {mean:.4g} give {reach[i]:.4g}"
                )
                stretch = max(stretch, size[i] / reach[i] if reach[i] else np.inf)
                room = reach[i] ** 2 - total[i].imag ** 2  # None left: no background helps.
                lift = max(lift, total[i].real - np.sqrt(room) if room >= 0 else np.inf)
            if turned[i]:
                why.append(_why_turned(total[i], angle[i], widest[i]))
            line = f"{needs}, but {' and '.join(why)}"
            lines.setdefault(int(subset[i]), line)
    if not lines:
        return
    advice = ""
    if 1 < stretch < np.inf:
        factor = _round_up(stretch)
        to = f" to {_round_up(factor * np.max(weight)):.6g}" if one_weight else ""
        advice = f". Raise max_weight{to} (by a factor {factor:.5g})"
        advice += f", or background by {_round_up(lift):.5g}" if 0 < lift < np.inf else ""
    raise InfeasibleMemoryError(lines, advice)


def _round_up(value: float) -> float:
    """Next number of four decimals: what is printed must suffice."""
    return float(np.ceil(value * 1e4) / 1e4)


def _why_turned(total: complex, angle: float, widest: float) -> str:
    if angle > np.pi / 2:
        return (
            f"its background exceeds the target's gamma by {-total.real:.4g}, which couplings "
            f"with |δ| ≤ {widest:.4g} cannot take away: lower background or drop max_phase"
        )
    return (
        f"the phase of Σ R is {angle:.4g}, beyond the largest max_phase of its links, "
        f"{widest:.4g}: raise max_phase, or bring its omega nearer to the target's"
    )


def _infeasible(row: Row, solution: Any) -> InfeasibleMemoryError:
    """Explain the rows that the solver could not solve."""
    lines: dict[int, str] = {}
    for i in np.flatnonzero(~solution.solved):
        if not solution.impossible[i]:
            lines[int(i)] = (
                f"mode {i} has conditions at the very edge of what the bounds allow, where the "
                "nearest couplings were not found: relax max_weight, max_phase or links slightly"
            )
            continue
        one = take(row, [i])
        missing = shortfall(one, solution.direction[[i]]).item()
        memories = np.flatnonzero(np.any(row.factor[i] > 0, axis=-1))
        which = f"memories {memories.tolist()}" if len(memories) > 1 else "its condition"
        lines[int(i)] = (
            f"mode {i} cannot satisfy {which} with the links and bounds it has (short by "
            f"{missing:.4g} at least)"
        )
    advice = ". Raise max_weight or max_phase, allow more links, or let fewer memories overlap"
    return InfeasibleMemoryError(lines, advice)
