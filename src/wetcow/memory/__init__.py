"""Critically synchronized memories [26-30].

Modes with frequencies of their own, coupled so that together they run as one mode that a sense
excites, and go on without it. `memorize` constructs such couplings: what a memory asks of them is
linear (`conditions`), within bounds it is a convex problem (`projection`, `bounds`), and of all
solutions one is taken whose synchronized motion attracts (`attract`). `residual` and `interference`
say how well given couplings hold memories.
"""

from wetcow.memory.attract import UnstableMemoryError, UnstableMemoryWarning
from wetcow.memory.conditions import interference, residual
from wetcow.memory.construct import memorize
from wetcow.memory.feasibility import InfeasibleMemoryError

__all__ = [
    "InfeasibleMemoryError",
    "UnstableMemoryError",
    "UnstableMemoryWarning",
    "interference",
    "memorize",
    "residual",
]
