"""The modules of `wetcow.bench`, once."""

from . import (
    apart as apart,
    brains as brains,
    brian as brian,
    clock as clock,
    devices as devices,
    drawing as drawing,
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
