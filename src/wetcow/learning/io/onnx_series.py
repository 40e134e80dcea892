"""Codes of series as operators of ONNX; see `wetcow.learning.model.series_modes`.

Series have the axes (n, channels, time), and those of one call have one length, which may be
another in each call.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wetcow.learning.io.onnx_graph import Graph
from wetcow.learning.io.onnx_layers import respond
from wetcow.learning.model.series_modes import LENGTH, N_FILTERS, SeriesModes, filters


def encode_features(graph: Graph, series: str, features: Any) -> str:
    """What fitted `wetcow.SeriesFeatures` return, float32 (n, codes), of (n, channels, time)."""
    omega, n_segments = features.omega, features.n_segments
    codes = encode_series(graph, series, features.modes_, omega, n_segments)
    if features.difference_modes_ is None:
        return codes
    axis, last = graph.integers(2), graph.integers(np.iinfo(np.int64).max)
    later = graph("Slice", series, graph.integers(1), last, axis)
    earlier = graph("Slice", series, graph.integers(0), graph.integers(-1), axis)
    changes = graph("Sub", later, earlier)
    more = encode_series(graph, changes, features.difference_modes_, omega, n_segments)
    return graph("Concat", codes, more, axis=1)


def encode_series(
    graph: Graph, series: str, modes: SeriesModes, omega: float, n_segments: int = 1
) -> str:
    """Codes, float32 (n, 2·s·d·84·q), of series (n, channels, time)."""
    size = graph("Gather", graph("Shape", series), graph.integers(2))
    count = graph("Squeeze", size, graph.integers(0))
    zero, one = (graph.constant(np.int64(value)) for value in (0, 1))
    time = graph("Range", zero, count, one)
    pooled = [
        _pooled(
            graph,
            series,
            SeriesModes(*(np.asarray(part)[k] for part in modes)),
            omega,
            _Moments(time=time, count=count, n_segments=n_segments),
        )
        for k in range(len(modes.dilation))
    ]
    found = []
    for code in range(2):  # shares, amplitudes
        parts = [each[code][k] for k in range(n_segments) for each in pooled]
        found.append(graph("Concat", *parts, axis=1))
    return graph("Concat", found[0], graph.root(found[1]), axis=1)


class _Moments(NamedTuple):
    """Names of the moments of a series, (time,), and of their number; segments they are in."""

    time: str
    count: str
    n_segments: int


def _pooled(
    graph: Graph, series: str, modes: SeriesModes, omega: float, moments: _Moments
) -> tuple[list[str], list[str]]:
    """Shares of time and mean amplitudes at one dilation, (n, 84·q) for each segment."""
    dilation = int(modes.dilation)
    half = LENGTH // 2 * dilation
    coupling = modes.channels[:, :, None] * filters()[:, None, :]
    driven = graph("Conv", series, graph.floats(coupling), dilations=[dilation], pads=[half, half])
    threshold, spread = modes.threshold[:, :, None], modes.spread[:, None, None]
    above = graph("Sub", graph("Unsqueeze", driven, graph.integers(2)), graph.floats(threshold))
    gamma = graph("Div", above, graph.floats(spread))  # (n, 84, q, time)
    beyond = graph(
        "Where", graph("Greater", gamma, graph.floats(0)), graph.floats(1), graph.floats(0)
    )
    (amplitude,) = respond(graph, gamma, graph.floats(omega), "amplitude")
    shares = _shares(graph, moments, dilation, half)

    def means(code: str) -> list[str]:
        weighted = [graph("Mul", code, share) for share in shares]
        sums = [graph("ReduceSum", each, graph.integers(3), keepdims=0) for each in weighted]
        return [graph("Flatten", each, axis=1) for each in sums]

    return means(beyond), means(amplitude)


def _shares(graph: Graph, moments: _Moments, dilation: int, half: int) -> list[str]:
    """Share of each moment in the means of each filter, (84, 1, time), for each segment."""
    time, count, n_segments = moments
    last = graph("Sub", count, graph.constant(np.int64(half)))
    after = graph("GreaterOrEqual", time, graph.constant(np.int64(half)))
    inside = graph.cast(graph("And", after, graph("Less", time, last)), np.float32)
    narrow = (np.arange(N_FILTERS) + dilation) % 2 == 1
    anywhere = graph("ReduceMax", inside, keepdims=0)
    narrows = graph("Mul", graph.floats(narrow[:, None, None]), anywhere)
    rest = graph("Sub", graph.floats(1), inside)
    counts = graph("Sub", graph.floats(1), graph("Mul", narrows, rest))
    segment = graph("Div", graph("Mul", time, graph.constant(np.int64(n_segments))), count)
    shares = []
    for number in range(n_segments):
        within = graph.cast(graph("Equal", segment, graph.constant(np.int64(number))), np.float32)
        seen = graph("Mul", counts, within)
        total = graph("ReduceSum", seen, graph.integers(2), keepdims=1)
        shares.append(graph("Div", seen, graph("Max", total, graph.floats(1))))
    return shares
