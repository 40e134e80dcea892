"""The table ``system``: what can be simulated, and its parameters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, PositiveInt, Tag

from wetcow.config.values import Linspace, Table, Uniform, Values, by_kind, generator
from wetcow.modes.criticality import CANONICAL


class SystemTable(Table):
    """What all kinds of systems share."""

    n: PositiveInt | None = Field(None, description="number of modes, where arrays do not tell it")

    def rows(self, seed: int | None) -> tuple[dict[str, Any], int | None]:
        """Parameters as numbers and arrays, random ones drawn, and the number of modes if known."""
        rows: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if name in ("n", "kind") or value is None:
                continue
            if isinstance(value, Uniform):
                count = value.n or self.n
                if count is None:
                    raise ValueError(f"system.{name}: how many to draw? Set n in it or in system")
                low, high = value.uniform
                value = generator(seed, f"system.{name}").uniform(low, high, count)
            elif isinstance(value, Linspace):
                value = value.values()
            rows[name] = value
        lengths = {name: len(value) for name, value in rows.items() if np.ndim(value) == 1}
        if self.n:
            lengths = {"n": self.n, **lengths}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"system: numbers of modes differ: {lengths}")
        return rows, next(iter(lengths.values()), None)


class _Constants(SystemTable):
    w_a: Values = CANONICAL.w_a
    w_phi: Values = CANONICAL.w_phi
    psi: Values = CANONICAL.psi
    alpha: Values = CANONICAL.alpha


class ModeSystem(_Constants):
    """One mode or a row of uncoupled ones: the arguments of `wetcow.Mode`."""

    kind: Literal["mode"]
    gamma: Values
    omega: Values = 1.0


class NetworkSystem(_Constants):
    """Coupled modes: the arguments of `wetcow.Network`."""

    kind: Literal["network"]
    gamma: Values | None = None
    omega: Values


class KuramotoSystem(SystemTable):
    """Phase oscillators: the arguments of `wetcow.Kuramoto`."""

    kind: Literal["kuramoto"]
    omega: Values


class LifSystem(SystemTable):
    """Integrate-and-fire neurons: the arguments of `wetcow.LeakyIntegrateAndFire`."""

    kind: Literal["lif"]
    current: Values
    tau_m: float = 1.0
    tau_s: float = 0.2
    rest: float = 0.0
    threshold: float = 1.0
    reset: float = 0.0


AnySystem = Annotated[
    Annotated[ModeSystem, Tag("<mode>")]
    | Annotated[NetworkSystem, Tag("<network>")]
    | Annotated[KuramotoSystem, Tag("<kuramoto>")]
    | Annotated[LifSystem, Tag("<lif>")],
    by_kind('"mode", "network", "kuramoto" or "lif"'),
]
