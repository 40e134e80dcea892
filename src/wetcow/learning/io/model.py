"""A constructed classifier as a header and arrays, and back; see `container` for the file."""

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
from wetcow.learning.io.card import model_card
from wetcow.learning.io.container import (
    ModelFileError,
    read_model,
    write_model,
)
from wetcow.learning.io.labels import pack_labels, unpack_labels
from wetcow.learning.io.readout import pack_memory, unpack_linear, unpack_memory
from wetcow.learning.io.soundness import check_contents
from wetcow.learning.model.encoder import Geometry, Layer
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.readout import MemoryReadout
from wetcow.learning.settings.checks import check_parameters
from wetcow.learning.settings.presets import Settings
from wetcow.learning.settings.view import decision_from_header, frame_from_header

_NOT_SAVED = {"progress", "checkpoint"}  # parameters of no model
# Attributes, and how files have called them from the first version on.
_NUMBERS = {
    "inverse_temperature_": "sharpness_",
    "residual_variance_": "noise_",
    "uncertainty_threshold_": "usual_uncertainty_",
}


# What files of the first format, with linear class modes, do not have.
_SINCE_THE_FIRST = {"noise": None, "n_memories": None, "tolerance": 1e-2}
# What all images were seen by, before there was a choice.
_ONE_WAY = {"encoding": "brightness", "couplings": "sampled"}
_UNWEIGHTED = {"class_weight": None}  # before samples had weights
_WITHOUT_MEMORY = {"noise": 0.03, "n_memories": None, "n_components": 600, "n_examples": None}


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
        image=None if header["image"] is None else _pair(header["image"]),
        frame=frame_from_header(header["frame"]),
        response=header["response"],
        geometries=tuple(geometries),
        layers=tuple(layers),
        center=arrays["hidden/center"],
        scale=arrays["hidden/scale"],
        mean=arrays["hidden/mean"],
        spread=arrays["hidden/spread"],
    )


def save(classifier: Any, path: str | os.PathLike, *, updatable: bool, notes: str | None) -> None:
    """Write a fitted classifier to a file; see `WaveClassifier.save`."""
    readout = classifier.readout_
    if not isinstance(readout, MemoryReadout):
        raise ValueError(
            "this model has the linear class modes of an earlier version, which are not written "
            "any more: keep its file, or fit again"
        )
    described = copy.copy(classifier)  # as it will be when loaded
    if not updatable:
        readout = described.readout_ = dataclasses.replace(readout, sums=None)
    if notes is not None and classifier.record_ is not None:
        described.record_ = classifier.record_._replace(notes=notes)
    parameters = {k: v for k, v in classifier.get_params().items() if k not in _NOT_SAVED}
    if isinstance(parameters["frame"], Frame):
        parameters["frame"] = frame_to_header(parameters["frame"])
    parameters["augmentation"] = _augmentation_to_header(parameters["augmentation"])
    if not isinstance(
        parameters["random_state"], Integral
    ):  # a generator cannot be written as JSON
        parameters["random_state"] = None
    hidden, arrays = pack_hidden(classifier.hidden_)
    memory, more = pack_memory(readout)
    header: dict[str, Any] = {
        "parameters": parameters,
        "settings": classifier.settings_._asdict(),
        "n_features": classifier.n_features_in_,
        "feature_names": _names(classifier),
        "hidden": hidden,
        "convention": None if classifier.convention_ is None else classifier.convention_.header(),
        "memory": memory,
        "decision": None if classifier.decision_ is None else classifier.decision_.header(),
        "record": None if described.record_ is None else described.record_.header(),
        **{name: getattr(classifier, attribute) for attribute, name in _NUMBERS.items()},
    }
    arrays.update(more)
    labels = pack_labels(classifier.classes_)
    if isinstance(labels, np.ndarray):
        arrays["classes"] = labels
    else:
        header["classes"] = labels
    write_model(path, header, arrays, model_card(described))


def load(cls: Any, path: str | os.PathLike) -> Any:
    """Return the classifier of class `cls` that `save` wrote; see `WaveClassifier.load`."""
    header, arrays = read_model(path)
    try:
        header = _modern(header)
        parameters = dict(header["parameters"])
        if missing := sorted({*cls().get_params()} - _NOT_SAVED - {*parameters}):
            raise KeyError(f"parameters {missing} are missing from the header")
        if isinstance(parameters["frame"], dict):
            parameters["frame"] = frame_from_header(parameters["frame"])
        parameters["augmentation"] = _augmentation_from_header(parameters["augmentation"])
        for name in ("image_shape", "patch_size"):
            parameters[name] = _tuples(parameters[name])
        classifier = cls(**parameters)
        check_parameters(classifier)
        check_contents(header, arrays)
        chosen = Settings(**header["settings"])
        classifier.settings_ = chosen._replace(patch_size=_tuples(chosen.patch_size))
        classifier.n_features_in_ = header["n_features"]
        if header.get("feature_names") is not None:
            classifier.feature_names_in_ = np.array(header["feature_names"], dtype=object)
        classifier.hidden_ = unpack_hidden(header["hidden"], arrays)
        classifier.image_shape_ = classifier.hidden_.image
        classifier.convention_ = convention.from_header(header.get("convention"))
        if "memory" in header:
            classifier.readout_ = unpack_memory(header["memory"], arrays)
        else:
            classifier.readout_ = unpack_linear(header, arrays, classifier.hidden_)
        classifier.classes_ = unpack_labels(arrays.get("classes", header.get("classes")))
        for attribute, name in _NUMBERS.items():
            setattr(classifier, attribute, header[name])
        classifier.record_ = record.from_header(header.get("record"))
        classifier.decision_ = decision_from_header(header.get("decision"))
        classifier.refined_ = []
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path} is not a model of a {cls.__name__}: {error!r}") from error
    return classifier


def _modern(header: Mapping[str, Any]) -> dict[str, Any]:
    """Header of any version with the parameters and settings of this one."""
    if header["format_version"] > 3:
        return dict(header)
    header = {**header, "parameters": {**_UNWEIGHTED, **header["parameters"]}}
    if header["format_version"] > 2:
        return header
    header = {**header, "parameters": {**_ONE_WAY, **header["parameters"]}}
    if header["format_version"] > 1:
        return header
    parameters = {**_SINCE_THE_FIRST, **header["parameters"]}
    parameters["batch_size"] = parameters.pop("block_size")
    settings = dict(header["settings"])
    for name in ("ridge", "margin_passes", "padding"):
        parameters.pop(name, None)
        settings.pop(name, None)
    return {**header, "parameters": parameters, "settings": {**_WITHOUT_MEMORY, **settings}}


def _augmentation_to_header(augmentation: Any) -> Any:
    if isinstance(augmentation, Augmentation):
        return augmentation._asdict()
    if isinstance(augmentation, list | tuple):  # one for each member
        return [*map(_augmentation_to_header, augmentation)]
    return augmentation


def _augmentation_from_header(header: Any) -> Any:
    if isinstance(header, list):
        return [*map(_augmentation_from_header, header)]
    return Augmentation(**header) if isinstance(header, dict) else header


def _tuples(value: Any) -> Any:
    """Tuples in place of lists, which is what JSON makes of them."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _names(classifier: Any) -> list[str] | None:
    """Names of the columns, if they have any."""
    names = getattr(classifier, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]
