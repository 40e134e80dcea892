"""Codes of series as operators of ONNX; see `wetcow.learning.model.series_modes`.

Series have the axes (n, channels, time), and those of one call have one length, which may be
another in each call.
"""

from __future__ import annotations

import numpy as np

from wetcow.learning.io.onnx_graph import Graph
from wetcow.learning.io.onnx_layers import respond
from wetcow.learning.model.series_modes import LENGTH, N_FILTERS, SeriesModes, filters


def encode_series(graph: Graph, series: str, modes: SeriesModes, omega: float) -> str:
    """Codes, float32 (n, 2·d·84·q), of series (n, channels, time)."""
    size = graph("Gather", graph("Shape", series), graph.integers(2))
    count = graph("Squeeze", size, graph.integers(0))
    zero, one = (graph.constant(np.int64(value)) for value in (0, 1))
    time = graph("Range", zero, count, one)
    pooled = [
        _pooled(graph, series, SeriesModes(*(np.asarray(part)[k] for part in modes)), omega, time)
        for k in range(len(modes.dilation))
    ]
    shares, amplitudes = (graph("Concat", *parts, axis=1) for parts in zip(*pooled, strict=True))
    return graph("Concat", shares, graph.root(amplitudes), axis=1)


def _pooled(
    graph: Graph, series: str, modes: SeriesModes, omega: float, time: str
) -> tuple[str, str]:
    """Shares of time and mean amplitudes at one dilation, each (n, 84·q)."""
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
    share = _shares(graph, time, dilation, half)
    found = []
    for code in (beyond, amplitude):
        mean = graph("ReduceSum", graph("Mul", code, share), graph.integers(3), keepdims=0)
        found.append(graph("Flatten", mean, axis=1))
    return found[0], found[1]


def _shares(graph: Graph, time: str, dilation: int, half: int) -> str:
    """Share of each moment in the means of each filter, (84, 1, time)."""
    count = graph("Size", time)
    last = graph("Sub", count, graph.constant(np.int64(half)))
    after = graph("GreaterOrEqual", time, graph.constant(np.int64(half)))
    inside = graph.cast(graph("And", after, graph("Less", time, last)), np.float32)
    narrow = (np.arange(N_FILTERS) + dilation) % 2 == 1
    anywhere = graph("ReduceMax", inside, keepdims=0)
    narrows = graph("Mul", graph.floats(narrow[:, None, None]), anywhere)
    rest = graph("Sub", graph.floats(1), inside)
    counts = graph("Sub", graph.floats(1), graph("Mul", narrows, rest))
    return graph("Div", counts, graph("ReduceSum", counts, graph.integers(2), keepdims=1))
