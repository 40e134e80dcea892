"""The learner's steps as operators of ONNX: the frame, patches, codes, means over regions.

Each follows the function of the same name in `wetcow.images.frame`, `model.encoder` and
`model.activation`, operation by operation; images have the axes of ONNX, (n, channels, height,
width), and patches those of wetcow, in which the channels of a pixel come together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wetcow.images import background
from wetcow.images.frame import PIXEL_VARIANCE, Frame, offsets, refinement
from wetcow.learning.io.onnx_graph import Graph
from wetcow.learning.model.activation import SMALLEST_OMEGA, CodeFit, Response, fit_codes
from wetcow.learning.model.encoder import Geometry, Layer, has_unit, region_weights
from wetcow.modes.kernel_matrix import ARCCOS

_TO_THE_START = np.iinfo(np.int64).min  # end of a slice that runs backwards over a whole axis


def align(graph: Graph, images: str, shape: tuple[int, int], frame: Frame) -> str:
    """Images in their frame: (n, 1, height, width) → (n, 1, *size); see `frame.align`.

    In double precision, like that one.
    """
    size = frame.size or shape
    images = without_background(graph, graph.cast(images, np.float64), shape)
    found = _affine_map(graph, images, shape, frame)

    # Where the points of the result lie in the image.
    rows, columns = refinement(shape, size)
    steps_down = graph.doubles(offsets(rows * size[0], shape[0])[:, None])
    steps_right = graph.doubles(offsets(columns * size[1], shape[1]))
    down = graph("Mul", steps_down, graph("Div", found.scale, found.stretch))
    right = graph("Mul", steps_right, graph("Mul", found.scale, found.stretch))
    right = graph("Add", right, graph("Mul", found.shear, down))
    # Bilinear sampling as sums with weights 1 − |distance|: down does not change along a row of
    # points, so that columns of the image are summed first.
    above = _tents(graph, graph("Add", down, found.centre_y), np.arange(shape[0]))
    seen = graph("MatMul", above, images)  # (n, 1, rows of points, width)
    points = graph("Unsqueeze", graph("Add", right, found.centre_x), graph.integers(-1))
    beside = _tents(graph, points, np.arange(shape[1]))
    seen = graph("MatMul", beside, graph("Unsqueeze", seen, graph.integers(-1)))
    seen = graph("Squeeze", seen, graph.integers(-1))
    parts = graph("Reshape", seen, graph.integers(0, 1, size[0], rows, size[1], columns))
    return graph.cast(graph("ReduceMean", parts, axes=[3, 5], keepdims=0), np.float32)


class _AffineMap(NamedTuple):
    """Names of the numbers that bring images to a frame, each (n, 1, 1, 1)."""

    centre_y: str
    centre_x: str
    shear: str
    scale: str
    stretch: str


def _affine_map(graph: Graph, images: str, shape: tuple[int, int], frame: Frame) -> _AffineMap:
    """How images without their background are centred, sheared and scaled, by their moments."""
    height, width = shape
    one, axes = graph.doubles(1), graph.integers(2, 3)
    y = graph.doubles(np.arange(height)[:, None])
    x = graph.doubles(np.arange(width))

    def mean(*factors: str) -> str:
        product = mass
        for factor in factors:
            product = graph("Mul", product, factor)
        return graph("ReduceSum", product, axes, keepdims=1)

    peak = graph("ReduceMax", images, axes=[2, 3], keepdims=1)
    filled = graph("GreaterOrEqual", peak, graph.doubles(np.finfo(np.float32).tiny))
    mass = graph("Div", images, graph("Where", filled, peak, one))
    total = graph("ReduceSum", mass, axes, keepdims=1)
    mass = graph("Div", mass, graph("Where", filled, total, one))
    centre_y = graph("Where", filled, mean(y), graph.doubles((height - 1) / 2))
    centre_x = graph("Where", filled, mean(x), graph.doubles((width - 1) / 2))
    y, x = graph("Sub", y, centre_y), graph("Sub", x, centre_x)
    least = graph.doubles(PIXEL_VARIANCE)
    variance_y = graph("Max", mean(y, y), least)
    variance_x, covariance = mean(x, x), mean(x, y)
    shear = graph("Div", covariance, variance_y)
    if not frame.deskew:
        shear = graph("Mul", covariance, graph.doubles(0))
    variance_x = graph("Sub", variance_x, graph("Mul", shear, covariance))
    variance_x = graph("Max", variance_x, least)
    middle = graph("Mul", graph("Add", variance_x, variance_y), graph.doubles(0.5))
    relative = graph("Div", graph("Sqrt", middle), graph.doubles(frame.spread * min(shape)))
    scale = graph("Pow", relative, graph.doubles(frame.strength))
    ratio = graph("Div", variance_x, variance_y)
    return _AffineMap(
        centre_y=centre_y,
        centre_x=centre_x,
        shear=shear,
        scale=graph("Where", filled, scale, one),
        stretch=graph("Pow", ratio, graph.doubles(frame.roundness / 4)),
    )


def without_background(graph: Graph, images: str, shape: tuple[int, int]) -> str:
    """How images differ from their background; see `wetcow.images.background`."""
    where, times = background.border(shape)
    rows, columns = (graph.doubles(background.smoothing(side, times)) for side in shape)
    soft = graph("MatMul", rows, graph("MatMul", images, graph("Transpose", columns, perm=[1, 0])))
    flat = graph("Reshape", soft, graph.integers(0, 1, 1, -1))
    edge = graph("Gather", flat, graph.integers(*where), axis=3)
    places = [int(q * len(where)) for q in (background.MEDIAN, background.UPPER)]
    sorted_edge = graph.smallest(edge, places[-1] + 1)
    level, upper = (graph("Gather", sorted_edge, graph.integers(k), axis=3) for k in places)
    differing = graph("Abs", graph("Sub", soft, level))
    largest = graph("ReduceMax", differing, axes=[2, 3], keepdims=1)
    noise = graph(
        "Mul", graph("Sub", upper, level), graph.doubles(background.NOISE / background.DEVIATIONS)
    )
    noise = graph("Min", noise, graph("Mul", largest, graph.doubles(background.MOST)))
    noise = graph("Max", noise, graph.doubles(np.finfo(np.float32).tiny))
    share = graph("Sub", graph("Div", differing, noise), graph.doubles(1))
    share = graph("Clip", share, graph.doubles(0), graph.doubles(1))
    return graph("Mul", graph("Abs", graph("Sub", images, level)), share)


def _tents(graph: Graph, points: str, pixels: np.ndarray) -> str:
    """Weights of pixels in bilinear samples, zero from distance 1 on: (…, 1) → (…, pixels)."""
    distance = graph("Abs", graph("Sub", points, graph.doubles(pixels)))
    return graph.above_zero(graph("Sub", graph.doubles(1), distance))


def encode(graph: Graph, images: str, layer: Layer, geometry: Geometry, response: Response) -> str:
    """Features of one layer; see `encoder.encode_group`.

    (n, channels, height, width) → (n, features).
    """
    if geometry.root:
        axes = [2, 3] if geometry.channels == 1 else [1, 2, 3]
        darkest = graph("ReduceMin", images, axes=axes, keepdims=1)
        images = graph.root(graph("Sub", images, darkest))
    if geometry.mirrored:
        start, end, axis = (graph.integers(value) for value in (-1, _TO_THE_START, 3))
        mirror = graph("Slice", images, start, end, axis, start)
        images = graph("Concat", images, mirror, axis=0)
    seen = _extract(graph, images, geometry)
    if geometry.normalised:
        centred = graph("Sub", seen, graph("ReduceMean", seen, axes=[1]))
        variance = graph("ReduceMean", graph("Mul", centred, centred), axes=[1])
        shifted = graph("Add", variance, _floor(graph, variance, layer, geometry))
        seen = graph("Div", centred, graph("Sqrt", shifted))
    # In units of the same frequencies, so that the same numbers are rounded.
    united = has_unit(layer, response)
    unit = np.maximum(layer.omega, np.float32(SMALLEST_OMEGA)) if united else np.float32(1)
    gamma = _drive(graph, seen, layer.excitation / unit, layer.gamma / unit)
    omega = (
        graph.floats(1)
        if layer.frequency is None
        else _drive(graph, seen, layer.frequency, layer.omega)
    )
    pooled = [_pool(graph, code, geometry) for code in respond(graph, gamma, omega, response)]
    stacked = graph("Concat", *pooled, axis=1)
    if geometry.mirrored:
        count = len(pooled)
        halves = graph("Reshape", stacked, graph.integers(2, -1, count, *_last(layer, geometry)))
        stacked = graph("ReduceMean", halves, axes=[0], keepdims=0)
    if united:
        stacked = graph("Mul", stacked, graph.floats(np.reshape(unit, (-1, 1))))
    rooted = graph("Transpose", graph.root(stacked), perm=[0, 1, 3, 2])
    return graph("Flatten", rooted, axis=1)


def _floor(graph: Graph, variance: str, layer: Layer, geometry: Geometry) -> str:
    """What is added to the variances (n, 1, rows, columns) of patches; see `patches.patches`."""
    floor = graph.floats(layer.floor)
    if not geometry.relative:
        return floor
    mean = graph("ReduceMean", variance, axes=[2, 3], keepdims=1)
    return graph("Max", graph("Mul", mean, floor), graph.floats(np.finfo(np.float32).tiny))


def _last(layer: Layer, geometry: Geometry) -> tuple[int, int]:
    """Modes and regions."""
    return int(np.size(layer.gamma)), geometry.n_regions**2


def _extract(graph: Graph, images: str, geometry: Geometry) -> str:
    """Patches, their numbers as channels: (n, channels, height, width) → (n, pixels, …)."""
    pixels, channels = geometry.n_seen, geometry.channels
    # One patch is all: no need to look at each pixel.
    if geometry.patch == geometry.image and not geometry.padding and channels == 1:
        return graph("Reshape", images, graph.integers(-1, pixels, 1, 1))
    ones = np.eye(pixels).reshape(pixels, *geometry.patch, channels)
    each = graph.floats(np.moveaxis(ones, -1, 1))
    return graph("Conv", images, each, pads=[geometry.padding] * 4)


def _drive(graph: Graph, seen: str, coupling: np.ndarray, without_input: np.ndarray) -> str:
    """What modes are driven to by patches: (n, pixels, rows, columns) → (n, modes, …)."""
    weights = np.asarray(coupling).T[:, :, None, None]
    return graph("Conv", seen, graph.floats(weights), graph.floats(without_input))


def _pool(graph: Graph, codes: str, geometry: Geometry) -> str:
    """Means over regions: (n, modes, rows, columns) → (n, 1, modes, regions²)."""
    down, right = (region_weights(side, geometry.n_regions) for side in geometry.positions)
    shares = np.einsum("ri,sj->ijrs", down, right).reshape(
        geometry.positions[0] * right.shape[1], -1
    )
    flat = graph("Reshape", codes, graph.integers(0, 0, -1))
    return graph("Unsqueeze", graph("MatMul", flat, graph.floats(shares)), graph.integers(1))


def respond(graph: Graph, gamma: str, omega: str, response: Response) -> tuple[str, ...]:
    """The chosen codes; see `activation.respond`."""
    if response == "relu":
        return (graph.above_zero(gamma),)
    fit = fit_codes()
    if response == "analytic":
        part = graph("Mul", gamma, graph.floats(fit.ratio))
        p, q = (graph.above_zero(graph(operator, omega, part)) for operator in ("Sub", "Add"))
        return (graph.root(graph("Mul", p, q)),)
    omega = graph("Max", omega, graph.floats(SMALLEST_OMEGA))
    c = graph("Mul", gamma, graph("Div", graph.floats(1), omega))
    positive = graph.above_zero(c)
    criticality = graph("Mul", positive, graph.floats(fit.ratio))
    x = graph.root(graph("Sub", graph.floats(1), criticality))  # zero beyond criticality
    found = {}
    if response != "rate":
        found["amplitude"] = _amplitude(graph, c, positive, criticality, x, fit)
    if response != "amplitude":
        rate = graph("Mul", x, _power_series(graph, fit.rate, x))
        spikes = graph("Greater", c, graph.floats(0))
        found["rate"] = graph("Where", spikes, rate, graph.floats(0))
    return tuple(graph("Mul", omega, code) for code in found.values())


def _amplitude(graph: Graph, c: str, positive: str, criticality: str, x: str, fit: CodeFit) -> str:
    """M, by the polynomial below criticality and exact beyond."""
    below = graph("Mul", positive, _power_series(graph, fit.amplitude, x))
    k_critical = 1 / fit.ratio - fit.shift
    k = graph("Sub", c, graph.floats(fit.shift))
    root = graph.root(graph("Sub", graph("Mul", k, k), graph.floats(k_critical**2)))
    beyond = graph(
        "Add",
        graph("Mul", k, graph.floats(fit.slope)),
        graph("Mul", root, graph.floats(fit.bend)),
    )
    return graph("Where", graph("GreaterOrEqual", criticality, graph.floats(1)), beyond, below)


def kernel(graph: Graph, rho: str, series: np.ndarray) -> str:
    """κ of cosines: a short series in their angle; see `wetcow.modes.kernel_matrix`."""
    bounded = graph("Clip", rho, graph.floats(-1), graph.floats(1))
    # From −1 to 1, where it is the argument of Chebyshev polynomials.
    scaled = graph("Mul", graph("Acos", bounded), graph.floats(2 / np.pi))
    x = graph("Sub", scaled, graph.floats(1))
    twice = graph("Mul", x, graph.floats(2))
    now, before = graph.floats(series[-1]), graph.floats(0)
    for coefficient in series[-2:0:-1]:
        change = graph("Sub", graph.floats(coefficient), before)
        now, before = graph("Add", graph("Mul", twice, now), change), now
    change = graph("Sub", graph.floats(series[0]), before)
    return graph("Add", graph("Mul", x, now), change)


def kernel_in_double(graph: Graph, rho: str, series: np.ndarray) -> str:
    """κ of cosines in double precision, by the same series of the same angle as Python's."""
    size = graph("Min", graph("Abs", rho), graph.doubles(1))
    value = graph.doubles(ARCCOS[-1])
    for coefficient in ARCCOS[-2::-1]:
        value = graph("Add", graph("Mul", value, size), graph.doubles(coefficient))
    angle = graph("Mul", graph("Sqrt", graph("Sub", graph.doubles(1), size)), value)
    obtuse = graph("Sub", graph.doubles(np.pi), angle)
    angle = graph("Where", graph("Less", rho, graph.doubles(0)), obtuse, angle)
    x = graph("Sub", graph("Mul", angle, graph.doubles(2 / np.pi)), graph.doubles(1))
    twice = graph("Mul", x, graph.doubles(2))
    now, before = graph.doubles(series[-1]), graph.doubles(0)
    for coefficient in series[-2:0:-1]:
        change = graph("Sub", graph.doubles(coefficient), before)
        now, before = graph("Add", graph("Mul", twice, now), change), now
    return graph("Add", graph("Mul", x, now), graph("Sub", graph.doubles(series[0]), before))


def _power_series(graph: Graph, coefficients: tuple[float, ...], x: str) -> str:
    """Value by Horner's rule."""
    value = graph.floats(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = graph("Add", graph("Mul", value, x), graph.floats(coefficient))
    return value
