"""The table ``system``: what can be simulated, and its parameters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, Tag

from wetcow.config.tables import ConfigTable, PositiveCount, by_kind
from wetcow.config.values import Values, numbers
from wetcow.modes.criticality import CANONICAL
from wetcow.networks.connectome.preparation import Normalisation


class SystemTable(ConfigTable):
    """What all kinds of systems share."""

    n: PositiveCount | None = Field(
        None, description="number of modes, where arrays do not tell it"
    )

    def rows(self, seed: int | None) -> tuple[dict[str, Any], int | None]:
        """Parameters as numbers and arrays, random ones drawn, and the number of modes if known."""
        rows: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if name in ("n", "kind") or value is None:
                continue
            shape = None if self.n is None else (self.n,)
            rows[name] = numbers(value, f"system.{name}", seed, shape)
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


class ConnectomeSystem(SystemTable):
    """Regions of a brain: the arguments of `wetcow.load_connectome` and `Connectome.to_network`.

    It has no table ``coupling``. Keys that are not given have the defaults of those functions.
    """

    kind: Literal["connectome"]
    file: str = Field(description="a zip, folder, matrix or table of links, beside this file")
    frequency: float | None = Field(None, gt=0, description="Hz")
    speed: float | None = Field(None, gt=0, description="m/s")
    normalisation: Normalisation | None = None
    symmetric: bool | None = Field(
        None, description="whether links that the file has in one direction go both ways"
    )
    file_kind: Literal["matrix", "edges"] | None = Field(
        None, description="of a text: a matrix, or a list of links, one a line"
    )
    tract_lengths: str | None = Field(None, description="a file of lengths, mm, beside this file")
    weight: str | None = Field(None, description="attribute of GraphML edges: the weight")
    length: str | None = Field(None, description="attribute of GraphML edges: the length, mm")
    gamma: Values = 0.5
    coupling_strength: float | None = None
    omega: Values = 1.0
    delays: Literal["phase", "exact", "none"] | None = None
    min_delay: float | None = Field(
        None, ge=0, description="ms; shorter exact delays are interpolated"
    )


AnySystem = Annotated[
    Annotated[ModeSystem, Tag("<mode>")]
    | Annotated[NetworkSystem, Tag("<network>")]
    | Annotated[KuramotoSystem, Tag("<kuramoto>")]
    | Annotated[LifSystem, Tag("<lif>")]
    | Annotated[ConnectomeSystem, Tag("<connectome>")],
    by_kind('"mode", "network", "kuramoto", "lif" or "connectome"'),
]
