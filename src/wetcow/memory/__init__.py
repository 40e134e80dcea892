"""Critically synchronized memories [26-30].

Modes with frequencies of their own, coupled so that together they run as one mode that a sense
excites, and go on without it. `memorize` constructs such couplings: what a memory asks of them is
linear (`conditions`), within bounds it is a convex problem (`projection`, `bounds`), and of all
solutions one is taken whose synchronized motion attracts (`attract`). Modes may also keep wave
fronts of their own, or be a wave that travels (`fronts`); of several memories an input selects one
(`many`). `residual` and
`interference` say how well given couplings hold memories.
"""

from wetcow.memory.attract import UnstableMemoryError, UnstableMemoryWarning
from wetcow.memory.conditions import interference, residual
from wetcow.memory.construct import memorize
from wetcow.memory.families import Family, wave_family
from wetcow.memory.feasibility import InfeasibleMemoryError
from wetcow.memory.fronts import WaveFrontWarning
from wetcow.memory.many import exponents, selecting

__all__ = [
    "Family",
    "InfeasibleMemoryError",
    "UnstableMemoryError",
    "UnstableMemoryWarning",
    "WaveFrontWarning",
    "exponents",
    "interference",
    "memorize",
    "residual",
    "selecting",
    "wave_family",
]
