"""Read-outs as a header and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.memory.landmarks import Landmarks, Variance
from wetcow.learning.model.memory.projection import Projection
from wetcow.learning.model.memory.stored import Kernel, Memory
from wetcow.learning.model.readout import Examples, LinearReadout, MemoryReadout
from wetcow.learning.model.ridge import ClassModes
from wetcow.learning.model.statistics import Statistics

Packed = tuple[dict[str, Any], dict[str, np.ndarray]]


def pack_memory(readout: MemoryReadout) -> Packed:
    """Return a memory as JSON and arrays.

    Rows take 4nd bytes for n examples of d components: 144 MB for 60,000 of 600. What tells how
    well inputs are known takes 4m² for m landmarks, and as much again to learn on with them.
    """
    memory, predictive_variance = readout.memory, readout.predictive_variance
    header = {
        "kernel": memory.kernel._asdict(),
        "residual": memory.residual,
        "reached": memory.reached,
        "iterations": memory.iterations,
        "cached": memory.cached,
        "sums": None if readout.sums is None else readout.sums.count,
    }
    arrays = {
        "memory/rows": memory.rows,
        "memory/coupling": memory.coupling,
        "memory/bias": memory.bias,
    }
    if readout.projection is not None:
        for name, value in readout.projection._asdict().items():
            arrays[f"projection/{name}"] = value
    if readout.examples is None:
        arrays["doubt/factor"] = packed(predictive_variance.factor.astype(np.float32))
    else:
        arrays["doubt/rows"] = predictive_variance.landmarks.rows
        arrays["doubt/factor"] = packed(predictive_variance.factor)
        for name, value in readout.examples._asdict().items():
            real = value.dtype.kind == "f"
            arrays[f"examples/{name}"] = value.astype(np.float64 if real else np.int64)
    if readout.sums is not None:
        for name in ("x", "y", "xy", "yy"):
            arrays[f"sums/{name}"] = getattr(readout.sums, name)
        arrays["sums/xx"] = packed(readout.sums.xx)
    return header, arrays


def unpack_memory(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> MemoryReadout:
    """Return the memory that `pack_memory` took apart."""
    kernel = Kernel(**header["kernel"])
    rows = arrays["memory/rows"]
    memory = Memory(
        rows=rows,
        coupling=arrays["memory/coupling"],
        bias=arrays["memory/bias"],
        kernel=kernel,
        residual=header["residual"],
        reached=header["reached"],
        iterations=header["iterations"],
        cached=header["cached"],
    )
    landmarks = Landmarks(arrays.get("doubt/rows", rows), kernel.series)
    factor = unpacked(arrays["doubt/factor"], len(landmarks.rows))
    projection = examples = sums = None
    if "projection/axes" in arrays:
        projection = Projection(arrays["projection/axes"], arrays["projection/origin"])
    if "examples/labels" in arrays:
        alike = np.ones(len(rows))  # of files before format 4
        examples = Examples(
            labels=arrays["examples/labels"],
            weights=arrays.get("examples/weights", alike),
            images=arrays["examples/images"],
            projected=arrays["examples/projected"].astype(bool),
        )
    if header["sums"] is not None:
        sums = Statistics(
            count=header["sums"],
            x=arrays["sums/x"],
            y=arrays["sums/y"],
            xx=unpacked(arrays["sums/xx"], len(rows)),
            xy=arrays["sums/xy"],
            yy=arrays["sums/yy"],
        )
    return MemoryReadout(
        projection=projection,
        memory=memory,
        predictive_variance=Variance(landmarks=landmarks, factor=factor, noise=kernel.noise),
        examples=examples,
        sums=sums,
    )


def unpack_linear(
    header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], hidden: HiddenModes
) -> LinearReadout:
    """Return the linear class modes of a file of an earlier version."""
    modes, mean = header["class_modes"], arrays["class/mean"]
    return LinearReadout(
        mean=hidden.mean,
        spread=hidden.spread,
        modes=ClassModes(
            coupling=arrays["class/coupling"],
            gamma=arrays["class/gamma"],
            ridge=modes["ridge"],
            mean=mean,
            factor=unpacked(arrays["class/factor"], len(mean)),
            count=modes["count"],
        ),
        residual_variance=header["noise_"],
    )


def packed(matrix: np.ndarray) -> np.ndarray:
    """Lower triangle as a vector, row by row."""
    vector = np.empty(len(matrix) * (len(matrix) + 1) // 2, matrix.dtype)
    start = 0
    for row in range(len(matrix)):  # np.tril_indices would need several times the memory
        vector[start : start + row + 1] = matrix[row, : row + 1]
        start += row + 1
    return vector


def unpacked(vector: np.ndarray, size: int) -> np.ndarray:
    """Lower triangular matrix of a vector from `packed`, in LAPACK's order."""
    matrix = np.zeros((size, size), vector.dtype, order="F")
    start = 0
    for row in range(size):
        matrix[row, : row + 1] = vector[start : start + row + 1]
        start += row + 1
    return matrix
