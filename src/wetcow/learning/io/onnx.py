"""Estimators for runtimes other than Python: one file of ONNX, from rows to answers."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from wetcow.files import write_whole
from wetcow.learning.io import onnx_layers
from wetcow.learning.io.kinds import CLASSES, CLASSIFIER, REGRESSOR
from wetcow.learning.io.onnx_graph import Graph
from wetcow.learning.model.geometry import sides_and_channels
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.memory.stored import FEW, Memory
from wetcow.learning.model.readout import LinearReadout, MemoryReadout
from wetcow.version import __version__

_LARGEST = 2_000_000_000  # bytes; a file of ONNX in one piece is below 2 GiB


class Before(NamedTuple):
    """What comes before the rows of a table.

    Attributes
    ----------
    graph : Graph
        That computes them of its input ``X``.
    rows : str
        Their name.
    shape : tuple of int and str
        Of the input.
    """

    graph: Graph
    rows: str
    shape: tuple[int | str, ...]


def save_onnx(estimator: Any, path: str | os.PathLike) -> None:
    """Write a fitted estimator as an ONNX model, with its frame if it has one.

    The model has one input, ``X``, float32 (n, n_features) for any n ≥ 1: rows as those that were
    learned, images flat and the channels of a pixel together. Its outputs are, of a classifier,

    - ``label`` (n,): labels as int64, float64, bool or text,
    - ``probabilities`` float32 (n, n_classes): those of `WaveClassifier.predict_proba`,
    - ``criticality`` float32 (n, n_classes): those of `WaveClassifier.criticality`,

    of a regressor ``value`` and ``std``, float32 (n, n_outputs), and of `wetcow.WaveFeatures`
    ``features``, float32 (n, codes).

    Its metadata name the version of wetcow, the classes, the shape of the images and their
    convention: values of darkest and lightest pixels, of the background, and of the dimmest image's
    lightest pixel. It answers to any values, so bring images into these first
    (`WaveClassifier.predict` refuses others). The
    uncertainty is not in it. Its size is that of the stored rows, 4nd bytes for n of d components
    (144 MB for 60,000 of 600).

    Parameters
    ----------
    estimator : WaveClassifier, WaveRegressor or WaveFeatures
        Fitted.
    path : path
        File to write, in one step when it is complete.

    Raises
    ------
    ModuleNotFoundError
        If the package onnx is missing.
    ValueError
        If ONNX has no type for the labels, or the model is too large for one file; nothing is
        written then.

    Notes
    -----
    Operators are of opset 17, without extensions. As in `WaveClassifier`, patches and codes are in
    single precision, as are the kernel and what class modes receive of stored rows; the frame, the
    scaling of rows and, of tables with at most 2,000 stored rows, the kernel are in double. What
    rounding leaves of a difference is mostly below 3e-6 in a criticality and 2e-5 in a probability,
    and larger in few rows of many, because the codes have infinite slopes at criticality. With the
    code "rate" (and "both") it is larger there: that code jumps where an excitation is zero, and
    one within rounding of it can come to either side.

    Examples
    --------
    >>> import tempfile
    >>> import onnxruntime
    >>> from wetcow import WaveClassifier, datasets
    >>> X, y = datasets.load("digits")
    >>> clf = WaveClassifier(n_modes=16).fit(X[:200], y[:200])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_onnx(clf, f"{folder}/digits.onnx")
    ...     session = onnxruntime.InferenceSession(f"{folder}/digits.onnx")
    >>> labels, probabilities, _ = session.run(None, {"X": X[200:205].reshape(5, -1)})
    >>> bool((labels == clf.predict(X[200:205])).all()), probabilities.shape
    (True, (5, 10))
    """
    check_is_fitted(estimator)
    model = onnx_model(estimator)
    write_whole(path, model.SerializeToString())


def onnx_model(estimator: Any, before: Before | None = None) -> Any:
    """Return a fitted estimator as an onnx.ModelProto.

    Parameters
    ----------
    estimator : WaveClassifier, WaveRegressor or WaveFeatures
        Fitted.
    before : Before, optional
        What makes the rows of a table of other inputs.
    """
    kind = estimator._kind
    labels = _labels(estimator.classes_) if kind == CLASSIFIER else None
    require_onnx()
    graph, rows = (Graph(), "X") if before is None else (before.graph, before.rows)
    shape = ("n", estimator.n_features_in_) if before is None else before.shape
    codes = _codes(graph, rows, estimator.hidden_)
    metadata = {}
    if labels is not None:
        outputs = _classes(graph, codes, estimator, labels)
        metadata["classes"] = json.dumps(labels.tolist())
        what = "A classifier of wave modes: rows of X to labels and probabilities."
    elif kind == REGRESSOR:
        outputs = _values(graph, codes, estimator)
        what = "A regressor of wave modes: rows of X to values and standard deviations."
    else:
        outputs = {"features": (np.float32, ("n", estimator.hidden_.n_codes))}
        _cast_to(graph, codes, "features")
        what = "Features of wave modes: rows of X to pooled codes."
    if graph.nbytes > _LARGEST:
        raise ValueError(
            f"the model has {graph.nbytes / 1e9:.1f} GB, but one file of ONNX holds 2 GB: fit with "
            "fewer modes or patch sizes, or store fewer examples (n_memories)"
        )
    hidden, known = estimator.hidden_, estimator.convention_
    return graph.model(
        CLASSES[kind],
        {"X": (np.float32, shape)},
        outputs,
        description=what,
        metadata={
            "wetcow": __version__,
            **metadata,
            "image_shape": json.dumps(hidden.image),
            "convention": json.dumps(known and known.header()),
            "frame": json.dumps(None if hidden.frame is None else hidden.frame._asdict()),
            "settings": json.dumps(estimator.settings_._asdict()),
        },
        producer=("wetcow", __version__),
    )


def _classes(graph: Graph, codes: str, classifier: Any, labels: np.ndarray) -> dict[str, Any]:
    """Label, probabilities and criticality; returns what they are."""
    readout = classifier.readout_
    if isinstance(readout, MemoryReadout):
        criticality = _recalled(graph, _direction(graph, codes, readout), readout)
    else:
        criticality = _linear(graph, codes, readout)
    logits = graph("Mul", criticality, graph.constant(np.float64(classifier.inverse_temperature_)))
    _cast_to(graph, graph("Softmax", logits, axis=1), "probabilities")
    _cast_to(graph, criticality, "criticality")
    nearest = graph("ArgMax", criticality, axis=1, keepdims=0)
    graph("Gather", graph.constant(labels), nearest, name="label")
    shape = ("n", len(labels))
    return {
        "label": (labels.dtype, shape[:1]),
        "probabilities": (np.float32, shape),
        "criticality": (np.float32, shape),
    }


def _values(graph: Graph, codes: str, regressor: Any) -> dict[str, Any]:
    """Values and their standard deviations; returns what they are."""
    readout, units = regressor.readout_, regressor.values_
    rows = _direction(graph, codes, readout)
    found = graph("Mul", _recalled(graph, rows, readout), graph.doubles(units.scale))
    _cast_to(graph, graph("Add", found, graph.doubles(units.center)), "value")
    variance = graph(
        "Add", _variance(graph, rows, readout), graph.doubles(regressor.settings_.noise)
    )
    deviation = graph("Sqrt", graph("Mul", variance, graph.doubles(units.spread)))
    _cast_to(graph, graph("Mul", deviation, graph.doubles(units.scale)), "std")
    shape = ("n", regressor.n_outputs_)
    return {"value": (np.float32, shape), "std": (np.float32, shape)}


def _codes(graph: Graph, rows: str, hidden: HiddenModes) -> str:
    """Codes, float32 (n, d); see `HiddenModes.codes`."""
    if hidden.image is not None and hidden.frame is not None:
        images = graph("Reshape", rows, graph.integers(-1, 1, *hidden.image))
        sides, _ = sides_and_channels(hidden.image)
        rows = onnx_layers.align(graph, images, sides, hidden.frame)
    elif hidden.image is not None and len(hidden.image) == 3:
        rows = graph("Reshape", rows, graph.integers(-1, *hidden.image))
    # In double precision, as NumPy computes it; centre and scale are of images or of channels.
    centred = graph("Sub", graph.cast(rows, np.float64), graph.constant(hidden.center))
    scaled = graph.cast(graph("Div", centred, graph.constant(hidden.scale)), np.float32)
    if not hidden.layers:
        count = np.size(hidden.center)
        columns = graph("Div", scaled, graph.floats(np.sqrt(np.float32(count))))
        return graph("Pad", columns, graph.integers(0, 0, 0, 1), graph.floats(1))
    if hidden.geometries[0].channels > 1:
        images = graph("Transpose", scaled, perm=[0, 3, 1, 2])
    else:
        images = graph("Reshape", scaled, graph.integers(-1, 1, *hidden.geometries[0].image))
    encoded = [
        onnx_layers.encode(graph, images, layer, geometry, hidden.response)
        for layer, geometry in zip(hidden.layers, hidden.geometries, strict=True)
    ]
    return graph("Concat", *encoded, axis=1)


def _direction(graph: Graph, codes: str, readout: MemoryReadout) -> str:
    """Unit rows that the kernel compares, float32 (n, components)."""
    rows, projection = _unit(graph, codes), readout.projection
    if projection is None:
        return rows
    along = graph("MatMul", rows, graph.floats(projection.axes))
    return _unit(graph, graph("Sub", along, graph.floats(projection.origin)))


def _recalled(graph: Graph, rows: str, readout: MemoryReadout) -> str:
    """What a memory answers, float64 (n, classes); see `MemoryReadout.criticality`."""
    memory = readout.memory
    if readout.projection is None and len(memory.rows) <= FEW:
        return _recalled_in_double(graph, rows, memory)
    rho = graph("MatMul", rows, graph.floats(memory.rows.T))
    answered = onnx_layers.kernel(graph, rho, memory.kernel.series.chebyshev[0])
    excited = graph("MatMul", answered, graph.floats(memory.coupling))
    return graph("Add", graph.cast(excited, np.float64), graph.doubles(memory.bias))


def _recalled_in_double(graph: Graph, rows: str, memory: Memory) -> str:
    """The same of a table: rows may be nearly in one direction, which single precision blurs."""
    each = [rows, graph.floats(memory.rows)]
    known = [graph.cast(some, np.float64) for some in each]
    new, stored = (graph("Div", some, graph("Sqrt", _squared(graph, some))) for some in known)
    rho = graph("MatMul", new, graph("Transpose", stored, perm=[1, 0]))
    answered = onnx_layers.kernel_in_double(graph, rho, memory.kernel.series.chebyshev[0])
    excited = graph("MatMul", answered, graph.doubles(memory.coupling))
    return graph("Add", excited, graph.doubles(memory.bias))


def _squared(graph: Graph, rows: str) -> str:
    """Squared lengths of rows, which have a constant 1 and are not zero."""
    return graph("ReduceSum", graph("Mul", rows, rows), graph.integers(1), keepdims=1)


def _variance(graph: Graph, rows: str, readout: MemoryReadout) -> str:
    """Predictive variance, float64 (n, 1); see `MemoryReadout.variance`."""
    predictive_variance = readout.predictive_variance
    rho = graph("MatMul", rows, graph.floats(predictive_variance.landmarks.rows.T))
    series = readout.memory.kernel.series.chebyshev[0]
    answered = graph.cast(onnx_layers.kernel(graph, rho, series), np.float64)
    along = graph("MatMul", answered, graph.doubles(predictive_variance.quadratic()))
    known = graph("ReduceSum", graph("Mul", along, answered), graph.integers(1), keepdims=1)
    missing = graph("Sub", graph.doubles(1.0), known)
    return graph("Min", graph("Max", missing, graph.doubles(0.0)), graph.doubles(1.0))


def _unit(graph: Graph, rows: str) -> str:
    """Rows divided by their length; rows of zeros stay."""
    length = graph("ReduceL2", rows, axes=[1], keepdims=1)
    return graph("Div", rows, graph("Max", length, graph.floats(np.finfo(np.float32).tiny)))


def _linear(graph: Graph, codes: str, readout: LinearReadout) -> str:
    """What linear class modes answer, float64 (n, classes)."""
    centred = graph("Sub", codes, graph.floats(readout.mean))
    features = graph("Div", centred, graph.floats(readout.spread))
    modes = readout.modes
    driven = graph("MatMul", graph.cast(features, np.float64), graph.constant(modes.coupling))
    return graph("Add", driven, graph.constant(modes.gamma))


def _cast_to(graph: Graph, value: str, name: str) -> None:
    from onnx import TensorProto

    graph("Cast", value, name=name, to=TensorProto.FLOAT)


def _labels(classes: np.ndarray) -> np.ndarray:
    """Classes in a type that ONNX knows: int64, float64, bool, or text as objects."""
    values = classes.tolist()
    kinds = {type(value) for value in values}
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in values):
        return np.array(values, np.int64)
    for kind, dtype in ((bool, np.bool_), (float, np.float64), (str, object)):
        if kinds == {kind}:
            return np.array(values, dtype)
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise ValueError(
        f"labels in ONNX are all int (of 64 bits), all float, all bool or all str; got {names}: "
        "fit with labels of one of these, as numbers for example"
    )


def require_onnx() -> None:
    """Raise, with what to install, if the package is missing."""
    try:
        import onnx  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'writing ONNX needs the package onnx: pip install "wetcow[onnx]"', name="onnx"
        ) from error
