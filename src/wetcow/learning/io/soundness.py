"""Whether the parts of a model from a file fit each other, before anything is made of them.

A file that is whole can still hold what no classifier ever was: other sizes, words for numbers,
NaN. That would answer wrongly, or fail in the midst of other work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils._param_validation import validate_parameter_constraints

from wetcow.images.frame import Frame
from wetcow.learning.data import convention
from wetcow.learning.io.kinds import CLASSIFIER, FEATURES, REGRESSOR, UNITS
from wetcow.learning.model.activation import RESPONSES
from wetcow.learning.model.encoder import Geometry, Layer, n_features
from wetcow.learning.model.geometry import ROOTS, sides_and_channels
from wetcow.learning.model.memory.stored import Kernel
from wetcow.learning.settings.checks import CONSTRAINTS, find_frame, patch_sizes
from wetcow.learning.settings.presets import Settings
from wetcow.learning.settings.view import decision_from_header
from wetcow.modes.kernel_series import CODES
from wetcow.modes.wave_kernel import wave_kernel
from wetcow.validation import number

_UNLIMITED = ("n_memories", "n_examples")  # settings that may be None
_SINGLE, _DOUBLE, _WHOLE = ("<f4",), ("<f8",), ("<i8",)
_EITHER = _SINGLE + _DOUBLE


class UnsoundError(ValueError):
    """Parts of a model that do not fit each other."""


def check_contents(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Raise unless the header and arrays of a model file are those of a classifier.

    Parameters
    ----------
    header, arrays : dict
        As `wetcow.learning.io.container.read_model` returns them.

    Raises
    ------
    UnsoundError
        That names the part.
    KeyError, TypeError, ValueError
        For parts that are missing or of another kind altogether.
    """
    columns = _whole("n_features", header["n_features"], 1)
    names = header.get("feature_names")
    if names is not None and not (_texts(names) and len(names) == columns):
        raise UnsoundError(f"feature_names are not {columns} names")
    geometries = _check_hidden(header["hidden"], columns)
    response = header["hidden"]["response"]
    modes = _check_settings(header["settings"], response, geometries, header["hidden"]["image"])
    d = _check_layers(arrays, geometries, response, modes)
    _check_scales(arrays, header["hidden"]["image"], columns, d)
    _check_convention(header)
    kind = header.get("kind", CLASSIFIER)
    if kind == REGRESSOR:
        _check_values(header, arrays, d)
    elif kind == CLASSIFIER:
        _check_classes(header, arrays, d)
    elif kind != FEATURES:
        raise UnsoundError(f"there is no estimator of the kind {kind!r}")
    if header.get("decision") is not None:
        _check_decision(header["decision"])


def _check_convention(header: Mapping[str, Any]) -> None:
    known, image = convention.from_header(header.get("convention")), header["hidden"]["image"]
    if known is None or image is None:
        return
    count = sides_and_channels(image)[1]
    if len(known.channels) != (0 if count == 1 else count):
        raise UnsoundError(
            f"the convention is of {len(known.channels)} channels, images are {image}"
        )


def _check_classes(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], d: int) -> None:
    n_classes = _count_classes(header, arrays)
    if "memory" in header:
        _check_memory(header["memory"], arrays, d, n_classes)
        _check_labels(arrays, n_classes)
    else:
        _check_class_modes(header["class_modes"], arrays, d, n_classes)
    number("sharpness_", header["sharpness_"], above=0)
    for name in ("noise_", "usual_uncertainty_"):
        number(name, header[name], minimum=0)
    if header.get("record") is not None:
        _check_record(header["record"], n_classes, worst=0)


def _check_values(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], d: int) -> None:
    n_outputs = _whole("outputs", header["values"]["outputs"], 1)
    if _bool("flat", header["values"]["flat"]) and n_outputs > 1:
        raise UnsoundError(f"values of {n_outputs} columns are not flat")
    _check_memory(header["memory"], arrays, d, n_outputs)
    if "doubt/rows" in arrays:
        _check_array(arrays, "examples/labels", (len(arrays["memory/rows"]), n_outputs), _DOUBLE)
    for name in UNITS:
        found = _check_array(arrays, f"values/{name}", (n_outputs,), _DOUBLE)
        if name != "center" and (found.min() < 0 or (name == "scale" and found.min() == 0)):
            raise UnsoundError(f"array 'values/{name}' has what is not positive")
    number("usual_uncertainty_", header["usual_uncertainty_"], minimum=0)
    if header.get("record") is not None:
        _check_record(header["record"], 1, worst=-math.inf)


def _whole(name: str, value: Any, least: int) -> int:
    """Return an integer as JSON has it."""
    if type(value) is not int or value < least:
        raise UnsoundError(f"{name} is {value!r}, not an integer of at least {least}")
    return value


def _side_pair(name: str, value: Any) -> tuple[int, int]:
    """Return a height and a width."""
    if not isinstance(value, list) or len(value) != 2:
        raise UnsoundError(f"{name} is {value!r}, not a height and a width")
    return _whole(name, value[0], 1), _whole(name, value[1], 1)


def _image(value: Any) -> tuple[int, ...]:
    """Return a height and a width, and channels if there are several."""
    if not isinstance(value, list) or len(value) != 3:
        return _side_pair("image", value)
    return *_side_pair("image", value[:2]), _whole("channels of the image", value[2], 2)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _bool(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise UnsoundError(f"{name} is {value!r}, neither true nor false")
    return value


def _check_hidden(header: Mapping[str, Any], columns: int) -> list[Geometry]:
    """Check what hidden modes see, and return their geometries."""
    if header["response"] not in RESPONSES:
        raise UnsoundError(f"response is {header['response']!r}")
    image = header["image"]
    seen, channels = (1, columns), 1
    if image is not None:
        shape = _image(image)
        if math.prod(shape) != columns:
            raise UnsoundError(f"images of {shape} pixels do not have {columns} columns")
        seen, channels = sides_and_channels(shape)
    frame = header["frame"]
    if frame is not None:
        if image is None or channels > 1:
            raise UnsoundError("a table has no frame, and images with channels have none")
        size = None if frame["size"] is None else _side_pair("size of the frame", frame["size"])
        _bool("deskew", frame["deskew"])
        for name in ("spread", "strength", "roundness"):
            number(name, frame[name])
        find_frame(Frame(size=size, **{k: v for k, v in frame.items() if k != "size"}))
        seen = size or seen
    if not isinstance(header["geometries"], list) or not (header["geometries"] or image is None):
        raise UnsoundError("there are no hidden modes")
    found = [_geometry(fields, seen, table=image is None) for fields in header["geometries"]]
    if any(geometry.channels != channels for geometry in found):
        raise UnsoundError(f"modes see other channels of images than {channels}: {found}")
    return found


def _geometry(fields: Mapping[str, Any], seen: tuple[int, int], *, table: bool) -> Geometry:
    others = dict(fields)
    image, patch = (_side_pair(name, others.pop(name)) for name in ("image", "patch"))
    geometry = Geometry(image=image, patch=patch, **others)
    _whole("padding", geometry.padding, 0)
    _whole("n_regions", geometry.n_regions, 1)
    _whole("channels", geometry.channels, 1)
    if _bool("normalised", geometry.normalised) == table:
        raise UnsoundError("patches of images are normalised, rows of tables are not")
    for name in ("mirrored", "relative", "root"):
        _bool(name, getattr(geometry, name))
    if geometry.image != seen:
        raise UnsoundError(f"modes see {geometry.image} pixels of images of {seen}")
    if max(geometry.patch) > max(seen) or min(geometry.positions) < geometry.n_regions:
        raise UnsoundError(f"patches do not fit images: {geometry}")
    if table and geometry != Geometry(seen, seen, normalised=False):
        raise UnsoundError(f"a table is seen as a whole, not as {geometry}")
    return geometry


def _check_settings(
    header: Mapping[str, Any], response: str, geometries: Sequence[Geometry], image: Any
) -> int:
    """Check settings against the modes made by them, and return how many each layer has."""
    chosen = Settings(**header)
    for name, value in header.items():
        if isinstance(value, bool) or (value is None and name not in _UNLIMITED):
            raise UnsoundError(f"{name} is {value!r}")
    _whole("n_components", chosen.n_components, 1)
    if chosen.n_examples is not None:
        _whole("n_examples", chosen.n_examples, 1)
    constraints = {name: CONSTRAINTS[name] for name in header if name in CONSTRAINTS}
    validate_parameter_constraints(constraints, dict(header), "the settings")
    sizes = patch_sizes(chosen.patch_size)
    if chosen.response != response:
        raise UnsoundError(f"settings have response {chosen.response!r}, modes {response!r}")
    if image is None:
        return chosen.n_modes
    seen = [
        (size, size, chosen.n_regions, root) for root in ROOTS[chosen.encoding] for size in sizes
    ]
    found = [(*one.patch, one.n_regions, one.root) for one in geometries]
    # In any order: networks of several members, of earlier versions, had those of each together.
    if sorted(found) != sorted(seen):
        raise UnsoundError(
            f"settings have patches of {sizes}, encoding {chosen.encoding!r}, modes (size, size, "
            f"regions, root) {found}"
        )
    if any(one.relative != (chosen.couplings == "innate") for one in geometries):
        raise UnsoundError(f"couplings are {chosen.couplings!r}, but geometries {geometries}")
    return chosen.n_modes


def _check_array(
    arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...], dtypes: Sequence[str]
) -> np.ndarray:
    """Return an array of finite numbers."""
    array = arrays[name]
    if array.shape != shape or array.dtype.str not in dtypes:
        raise UnsoundError(
            f"array {name!r} is {array.dtype.str} {array.shape}, not {' or '.join(dtypes)} {shape}"
        )
    # Two numbers tell, without a further array; NaN is no number between.
    if array.size and not (np.isfinite(array.min()) and np.isfinite(array.max())):
        raise UnsoundError(f"array {name!r} has NaN or infinity")
    return array


def _check_layers(
    arrays: Mapping[str, np.ndarray], geometries: Sequence[Geometry], response: Any, modes: int
) -> int:
    """Check hidden modes, and return how many features they have."""
    d = 0
    for index, geometry in enumerate(geometries):
        across = (geometry.n_seen, modes)
        shapes = {"excitation": across, "gamma": (modes,), "omega": (modes,), "floor": ()}
        if response == "analytic":
            shapes["frequency"] = across
        elif f"layer{index}/frequency" in arrays:
            raise UnsoundError(f"layer {index} has frequencies that only 'analytic' has")
        found = dict.fromkeys(Layer._fields)
        for name, shape in shapes.items():
            found[name] = _check_array(arrays, f"layer{index}/{name}", shape, _SINGLE)
        if not arrays[f"layer{index}/floor"] > 0:
            raise UnsoundError(f"the floor of layer {index} is not positive")
        d += n_features(Layer(**found), geometry, response)
    if not geometries:  # a table without hidden modes
        d = np.size(arrays["hidden/center"]) + 1
    others = {name.split("/")[0] for name in arrays if name.startswith("layer")}
    if len(others) != len(geometries):
        raise UnsoundError(
            f"there are layers {sorted(others)}, but {len(geometries)} are described"
        )
    return d


def _check_scales(arrays: Mapping[str, np.ndarray], image: Any, columns: int, d: int) -> None:
    shape = (columns,) if image is None else tuple(image[2:])
    center = _check_array(arrays, "hidden/center", shape, _DOUBLE)
    if image is not None and not shape and center != 0:
        raise UnsoundError(f"the centre of images is {center}, not 0")
    _check_array(arrays, "hidden/mean", (d,), _SINGLE)
    for name, its, dtype in (("scale", shape, _DOUBLE), ("spread", (d,), _SINGLE)):
        if not np.all(_check_array(arrays, f"hidden/{name}", its, dtype) > 0):
            raise UnsoundError(f"array 'hidden/{name}' is not positive")


def _count_classes(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> int:
    """Check labels, and return how many there are."""
    packed = arrays.get("classes")
    if packed is None:
        labels = header["classes"]["labels"]
        # A TypeError if they cannot be sorted, which `fit` does.
        if not isinstance(labels, list) or not labels or sorted(set(labels)) != labels:
            raise UnsoundError(f"labels are not sorted and different: {str(labels)[:80]}")
        return len(labels)
    if packed.ndim != 1 or not packed.size or packed.dtype.kind == "c":
        raise UnsoundError(f"labels are {packed.dtype.str} {packed.shape}")
    if packed.dtype.kind == "f" and not np.all(np.isfinite(packed)):
        raise UnsoundError("labels have NaN or infinity")
    if not np.array_equal(np.unique(packed), packed):
        raise UnsoundError("labels are not sorted, or not all different")
    return len(packed)


def _check_class_modes(
    header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], d: int, n_classes: int
) -> None:
    number("ridge", header["ridge"], above=0)
    _whole("count", header["count"], 1)
    _check_array(arrays, "class/coupling", (d, n_classes), _DOUBLE)
    _check_array(arrays, "class/gamma", (n_classes,), _DOUBLE)
    _check_array(arrays, "class/mean", (d,), _DOUBLE)
    factor = _check_array(arrays, "class/factor", (d * (d + 1) // 2,), _EITHER)
    diagonal = np.cumsum(np.arange(1, d + 1)) - 1
    if not np.all(factor[diagonal] > 0):
        raise UnsoundError("array 'class/factor' is no Cholesky factor")


def _check_memory(
    header: Mapping[str, Any], arrays: Mapping[str, np.ndarray], d: int, n_classes: int
) -> None:
    kernel = Kernel(**header["kernel"])
    if kernel.code not in CODES:
        raise UnsoundError(f"the code of the kernel is {kernel.code!r}")
    number("noise", kernel.noise, above=0)
    wave_kernel(kernel.code, kernel.threshold, kernel.omega)  # which raises for what does not fit
    number("residual", header["residual"], minimum=0)
    number("cached", header["cached"], minimum=0, maximum=1)
    _whole("iterations", header["iterations"], 0)
    _bool("reached", header["reached"])
    count, columns = _two(arrays["memory/rows"])
    _check_array(arrays, "memory/rows", (count, columns), _SINGLE)
    _check_array(arrays, "memory/coupling", (count, n_classes), _DOUBLE)
    _check_array(arrays, "memory/bias", (n_classes,), _DOUBLE)
    if "projection/axes" in arrays:
        _check_array(arrays, "projection/axes", (d, columns), _SINGLE)
        _check_array(arrays, "projection/origin", (columns,), _SINGLE)
    elif columns != d:
        raise UnsoundError(f"rows have {columns} columns, codes {d}, and there is no projection")
    if stored := "doubt/rows" in arrays:
        landmarks = _two(arrays["doubt/rows"])[0]
        _check_array(arrays, "doubt/rows", (landmarks, columns), _SINGLE)
        for name in ("images", "projected"):
            _check_array(arrays, f"examples/{name}", (count,), _WHOLE)
        if "examples/weights" in arrays:  # since format 4
            weights = _check_array(arrays, "examples/weights", (count,), _DOUBLE)
            if not np.all(weights > 0):
                raise UnsoundError("weights of examples are not positive")
    else:
        landmarks = count
    size = landmarks * (landmarks + 1) // 2
    factor = _check_array(arrays, "doubt/factor", (size,), _EITHER)
    if not np.all(factor[np.cumsum(np.arange(1, landmarks + 1)) - 1] > 0):
        raise UnsoundError("array 'doubt/factor' is no Cholesky factor")
    if header["sums"] is not None:
        if stored:
            raise UnsoundError("there are sums beside stored examples")
        _check_sums(header["sums"], arrays, count, n_classes)


def _check_labels(arrays: Mapping[str, np.ndarray], n_classes: int) -> None:
    if "doubt/rows" in arrays:
        count = len(arrays["memory/rows"])
        labels = _check_array(arrays, "examples/labels", (count,), _WHOLE)
        if labels.size and not 0 <= labels.min() <= labels.max() < n_classes:
            raise UnsoundError("examples have labels that there are not")


def _two(array: np.ndarray) -> tuple[int, int]:
    """Return the shape of a matrix that is not empty."""
    if array.ndim != 2 or not array.size:
        raise UnsoundError(f"a matrix has shape {array.shape}")
    return array.shape[0], array.shape[1]


def _check_sums(count: Any, arrays: Mapping[str, np.ndarray], d: int, n_classes: int) -> None:
    number("count of sums", count, above=0)
    shapes = {
        "x": (d,),
        "y": (n_classes,),
        "yy": (n_classes,),
        "xy": (d, n_classes),
        "xx": (d * (d + 1) // 2,),
    }
    for name, shape in shapes.items():
        _check_array(arrays, f"sums/{name}", shape, _DOUBLE)


def _check_record(header: Mapping[str, Any], n_classes: int, worst: float) -> None:
    counts = header["counts"]
    if not isinstance(counts, list) or len(counts) != n_classes:
        raise UnsoundError(f"samples are not counted for each of {n_classes} classes")
    for count in counts:
        _whole("a count of samples", count, 0)
    _whole("left_out", header["left_out"], 0)
    number("left_out_accuracy", header["left_out_accuracy"], minimum=worst, maximum=1)
    _bool("together", header.get("together", header.get("margins")))
    if not _texts([header["date"], header["wetcow"], header.get("notes", "")]):
        raise UnsoundError("date, version or notes are no text")
    for one in header["trained"]:
        for name in ("constructed", "trained"):
            number(name, one[name], minimum=0, maximum=1)
        number("seconds", one["seconds"], minimum=0)
        _bool("complete", one["complete"])


def _check_decision(header: Mapping[str, Any]) -> None:
    found = decision_from_header(header)
    assert found is not None
    _whole("images of the decision", found.n_images, 0)
    if not _texts([found.reason]):
        raise UnsoundError(f"the reason of the decision is {found.reason!r}")
    for trial in found.trials:
        for name in ("accuracy", "gain", "error"):
            number(f"{name} of the decision", getattr(trial, name))
    for view in (found.view, *(trial.view for trial in found.trials)):
        _bool("mirror of the decision", view.mirror)
        if view.response not in RESPONSES or view.encoding not in ROOTS:
            raise UnsoundError(f"a view of the decision is {view}")
