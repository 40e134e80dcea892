"""Systems as they are integrated: delayed links laid out for the step."""

from __future__ import annotations

from typing import Any

from wetcow.networks.baselines import Kuramoto
from wetcow.networks.delayed import Delayed
from wetcow.networks.delayed_links import DelayedLinks
from wetcow.networks.network import Network
from wetcow.simulation.driven import Driven
from wetcow.simulation.steps.stepping import Adaptive, Fixed


def in_blocks(given: Any, stepping: Adaptive | Fixed) -> Any:
    """Lay out the delayed links of a network or coupling for a step; others as they are.

    Numbers are known. Of several networks in one, whose leaves have one more axis in front, all
    are laid out alike. A system of one's own, which may ask for the past at any time, stays as it
    is.
    """
    if not isinstance(stepping, Fixed) or not stepping.history:
        return given
    if isinstance(given, Driven):
        return Driven(in_blocks(given.system, stepping), given.course)
    if type(given) is Delayed:
        return DelayedLinks.of(given, float(stepping.dt))
    if type(given) in (Network, Kuramoto):
        return given.coupled_by(in_blocks(given.coupling, stepping))
    return given
