"""A fitted estimator as a header and arrays, and back; see `container` for the file."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from wetcow.images.augmentation import Augmentation
from wetcow.images.frame import Frame
from wetcow.learning.data import convention
from wetcow.learning.io import record
from wetcow.learning.io.cards import card_of
from wetcow.learning.io.container import (
    ModelFileError,
    read_model,
    write_model,
)
from wetcow.learning.io.earlier import modern
from wetcow.learning.io.kinds import CLASSES, CLASSIFIER, FEATURES, REGRESSOR, SERIES, UNITS
from wetcow.learning.io.labels import pack_labels, unpack_labels
from wetcow.learning.io.readout import Packed, pack_memory, unpack_linear, unpack_memory
from wetcow.learning.io.soundness import check_contents
from wetcow.learning.memory.values import Values
from wetcow.learning.model.encoder import Geometry, Layer
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.readout import MemoryReadout
from wetcow.learning.settings.checks import check_parameters
from wetcow.learning.settings.presets import Settings
from wetcow.learning.settings.view import decision_from_header, frame_from_header

Header = Mapping[str, Any]
Arrays = Mapping[str, np.ndarray]

_NOT_SAVED = {"progress", "checkpoint"}  # parameters of no model
# Attributes, and how files have called them from the first version on.
_NUMBERS = {
    "inverse_temperature_": "sharpness_",
    "residual_variance_": "noise_",
    "uncertainty_threshold_": "usual_uncertainty_",
}


def _pair(value: Any) -> tuple[int, int]:
    first, second = value
    return int(first), int(second)


def frame_to_header(frame: Frame | None) -> dict[str, Any] | None:
    """Return a frame as JSON."""
    return None if frame is None else frame._asdict()


def pack_hidden(hidden: HiddenModes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return hidden modes as JSON and arrays."""
    header = {
        "image": hidden.image,
        "frame": frame_to_header(hidden.frame),
        "response": hidden.response,
        "geometries": [geometry._asdict() for geometry in hidden.geometries],
    }
    arrays = {
        f"hidden/{name}": np.asarray(getattr(hidden, name))
        for name in ("center", "scale", "mean", "spread")
    }
    for index, layer in enumerate(hidden.layers):
        for name, array in layer._asdict().items():
            if array is not None:
                arrays[f"layer{index}/{name}"] = np.asarray(array)
    return header, arrays


def unpack_hidden(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> HiddenModes:
    """Return the hidden modes that `pack_hidden` took apart."""
    geometries, layers = [], []
    for index, fields in enumerate(header["geometries"]):
        others = dict(fields)
        image, patch = (_pair(others.pop(name)) for name in ("image", "patch"))
        geometries.append(Geometry(image=image, patch=patch, **others))
        parts = {
            name: arrays[f"layer{index}/{name}"] for name in Layer._fields if name != "frequency"
        }
        layers.append(Layer(frequency=arrays.get(f"layer{index}/frequency"), **parts))
    return HiddenModes(
        image=None if header["image"] is None else tuple(map(int, header["image"])),
        frame=frame_from_header(header["frame"]),
        response=header["response"],
        geometries=tuple(geometries),
        layers=tuple(layers),
        center=arrays["hidden/center"],
        scale=arrays["hidden/scale"],
        mean=arrays["hidden/mean"],
        spread=arrays["hidden/spread"],
    )


def save(estimator: Any, path: str | os.PathLike, *, updatable: bool, notes: str | None) -> None:
    """Write a fitted estimator to a file; see `WaveClassifier.save`."""
    write_model(path, *pack(estimator, updatable=updatable, notes=notes))


def pack(
    estimator: Any, *, updatable: bool, notes: str | None
) -> tuple[dict[str, Any], dict[str, np.ndarray], str]:
    """Return the header, the arrays and the card of what `save` writes."""
    described = copy.copy(estimator)  # as it will be when loaded
    if not updatable and isinstance(getattr(described, "readout_", None), MemoryReadout):
        described.readout_ = dataclasses.replace(described.readout_, sums=None)
    if notes is not None and estimator.record_ is not None:
        described.record_ = estimator.record_._replace(notes=notes)
    hidden, arrays = pack_hidden(estimator.hidden_)
    header: dict[str, Any] = {
        "kind": estimator._kind,
        "parameters": _parameters_to_header(estimator),
        "settings": estimator.settings_._asdict(),
        "n_features": estimator.n_features_in_,
        "feature_names": _names(estimator),
        "hidden": hidden,
        "convention": None if estimator.convention_ is None else estimator.convention_.header(),
        "decision": None if estimator.decision_ is None else estimator.decision_.header(),
        "record": None if described.record_ is None else described.record_.header(),
    }
    for packer in _PACKERS[estimator._kind]:
        more, others = packer(described)
        header.update(more)
        arrays.update(others)
    return header, arrays, card_of(described)


def load(cls: Any, path: str | os.PathLike) -> Any:
    """Return the estimator of class `cls` that `save` wrote; see `WaveClassifier.load`."""
    return unpack(cls, *read_model(path), path)


def unpack(cls: Any, header: Header, arrays: Arrays, path: str | os.PathLike) -> Any:
    """Return the estimator that `pack` took apart; `path` is named in errors."""
    kind = header.get("kind", CLASSIFIER)  # files before format 4 have classifiers alone
    if kind == SERIES:
        raise ModelFileError(
            f"{path} is a model of series: load it by wetcow.learning.load_series_model"
        )
    if kind != cls._kind and kind in [*CLASSES]:  # whatever it is, also a list
        raise ModelFileError(
            f"{path} is the model of a {CLASSES[kind]}, not of a {cls.__name__}: load it by "
            f"wetcow.{CLASSES[kind]}.load"
        )
    try:
        header = modern(header)
        estimator = cls(**_parameters_from_header(header["parameters"], cls))
        check_parameters(estimator)
        check_contents(header, arrays)
        chosen = Settings(**header["settings"])
        estimator.settings_ = chosen._replace(patch_size=tuple(chosen.patch_size))
        estimator.n_features_in_ = header["n_features"]
        if header.get("feature_names") is not None:
            estimator.feature_names_in_ = np.array(header["feature_names"], dtype=object)
        estimator.hidden_ = unpack_hidden(header["hidden"], arrays)
        estimator.image_shape_ = estimator.hidden_.image
        estimator.convention_ = convention.from_header(header.get("convention"))
        estimator.record_ = record.from_header(header.get("record"))
        estimator.decision_ = decision_from_header(header.get("decision"))
        for unpacker in _UNPACKERS[kind]:
            unpacker(estimator, header, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path} is not a model of a {cls.__name__}: {error!r}") from error
    return estimator


def _pack_memory(estimator: Any) -> Packed:
    if not isinstance(estimator.readout_, MemoryReadout):
        raise ValueError(
            "this model has the linear class modes of an earlier version, which are not written "
            "any more: keep its file, or fit again"
        )
    memory, arrays = pack_memory(estimator.readout_)
    return {"memory": memory}, arrays


def _unpack_memory(estimator: Any, header: Header, arrays: Arrays) -> None:
    if "memory" in header:
        estimator.readout_ = unpack_memory(header["memory"], arrays)
    else:
        estimator.readout_ = unpack_linear(header, arrays, estimator.hidden_)


def _pack_classes(classifier: Any) -> Packed:
    numbers = {name: getattr(classifier, attribute) for attribute, name in _NUMBERS.items()}
    labels = pack_labels(classifier.classes_)
    if isinstance(labels, np.ndarray):
        return numbers, {"classes": labels}
    return {**numbers, "classes": labels}, {}


def _unpack_classes(classifier: Any, header: Header, arrays: Arrays) -> None:
    classifier.classes_ = unpack_labels(arrays.get("classes", header.get("classes")))
    for attribute, name in _NUMBERS.items():
        setattr(classifier, attribute, header[name])
    classifier.refined_ = None


def _pack_values(regressor: Any) -> Packed:
    values = regressor.values_
    header = {
        "values": {"flat": values.flat, "outputs": regressor.n_outputs_},
        "usual_uncertainty_": regressor.uncertainty_threshold_,
    }
    return header, {f"values/{name}": getattr(values, name) for name in UNITS}


def _unpack_values(regressor: Any, header: Header, arrays: Arrays) -> None:
    center, scale, spread = (arrays[f"values/{name}"] for name in UNITS)
    regressor.values_ = Values(
        center=center, scale=scale, spread=spread, flat=header["values"]["flat"]
    )
    regressor.n_outputs_ = header["values"]["outputs"]
    regressor.uncertainty_threshold_ = header["usual_uncertainty_"]


# What each kind of estimator has beside its hidden modes.
_PACKERS: dict[str, tuple[Any, ...]] = {
    CLASSIFIER: (_pack_memory, _pack_classes),
    REGRESSOR: (_pack_memory, _pack_values),
    FEATURES: (),
}
_UNPACKERS: dict[str, tuple[Any, ...]] = {
    CLASSIFIER: (_unpack_memory, _unpack_classes),
    REGRESSOR: (_unpack_memory, _unpack_values),
    FEATURES: (),
}


def _parameters_to_header(estimator: Any) -> dict[str, Any]:
    """Parameters of an estimator as JSON."""
    parameters = {k: v for k, v in estimator.get_params().items() if k not in _NOT_SAVED}
    if isinstance(parameters["frame"], Frame):
        parameters["frame"] = frame_to_header(parameters["frame"])
    if not isinstance(parameters["random_state"], Integral):
        parameters["random_state"] = None  # a generator cannot be written as JSON
    if isinstance(parameters.get("augmentation"), Augmentation):
        parameters["augmentation"] = parameters["augmentation"]._asdict()
    weights = parameters.get("class_weight")
    if isinstance(weights, Mapping):  # labels may be numbers, which JSON has no keys of
        labels = pack_labels(np.array([*weights], dtype=object))
        parameters["class_weight"] = {"labels": labels, "weights": [*weights.values()]}
    return parameters


def _parameters_from_header(header: Header, cls: Any) -> dict[str, Any]:
    """Return the parameters that `_parameters_to_header` described."""
    parameters = dict(header)
    if missing := sorted({*cls().get_params()} - _NOT_SAVED - {*parameters}):
        raise KeyError(f"parameters {missing} are missing from the header")
    if isinstance(parameters["frame"], dict):
        parameters["frame"] = frame_from_header(parameters["frame"])
    if isinstance(parameters.get("augmentation"), dict):
        parameters["augmentation"] = Augmentation(**parameters["augmentation"])
    for name in ("image_shape", "patch_size"):  # JSON makes lists of tuples
        if isinstance(parameters[name], list):
            parameters[name] = tuple(parameters[name])
    weights = parameters.get("class_weight")
    if isinstance(weights, dict):
        labels = unpack_labels(weights["labels"]).tolist()
        parameters["class_weight"] = dict(zip(labels, weights["weights"], strict=True))
    return parameters


def _names(estimator: Any) -> list[str] | None:
    """Names of the columns, if they have any."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]
