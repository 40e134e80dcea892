"""Critically synchronized memories: couplings that satisfy [26-30]."""

from wetcow.memory.conditions import interference, residual
from wetcow.memory.construct import InfeasibleMemoryError, memorize

__all__ = ["InfeasibleMemoryError", "interference", "memorize", "residual"]
