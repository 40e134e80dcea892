"""The modules of `wetcow.bench`, once."""

from . import (
    apart as apart,
    brian as brian,
    clock as clock,
    devices as devices,
    growth as growth,
    kuramoto as kuramoto,
    limits as limits,
    methods as methods,
    peer as peer,
    peers as peers,
    problem as problem,
    run as run,
    sweeps as sweeps,
    tables as tables,
)
