"""Ticks of logarithmic axes that span about a decade."""

from __future__ import annotations

from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullFormatter


def plain_ticks(axis: Axis) -> None:
    """Label 1, 2 and 5 of each decade, written without powers of ten."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())
