"""Say why couplings that were asked for do not exist, and what would help."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetcow.memory.conditions import Conditions
from wetcow.memory.projection import Row, shortfall, take

SHOWN = 3
ROUNDING = 1e-13


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


def require_reach(
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


def infeasible(row: Row, solution: Any) -> InfeasibleMemoryError:
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
