"""Headers of files of earlier versions, with the parameters and settings of this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wetcow.learning.model.geometry import ROOTS

# What files of the first format, with linear class modes, do not have.
_SINCE_THE_FIRST = {"noise": None, "n_memories": None, "tolerance": 1e-2}
# What all images were seen by, before there was a choice.
_ONE_WAY = {"encoding": "brightness", "couplings": "sampled"}
_UNWEIGHTED = {"class_weight": None}  # before samples had weights
_GREY = {"channel_axis": "auto"}  # before images had channels
_WITHOUT_MEMORY = {"noise": 0.03, "n_memories": None, "n_components": 600, "n_examples": None}


def modern(header: Mapping[str, Any]) -> dict[str, Any]:
    """Header of any version as this one writes it."""
    if header["format_version"] > 5:
        return dict(header)
    header = _of_one_network(header)
    if header["format_version"] > 4:
        return header
    header = {**header, "parameters": {**_GREY, **header["parameters"]}}
    if header["format_version"] > 3:
        return header
    header = {**header, "parameters": {**_UNWEIGHTED, **header["parameters"]}}
    if header["format_version"] > 2:
        return header
    header = {**header, "parameters": {**_ONE_WAY, **header["parameters"]}}
    if header["format_version"] > 1:
        return header
    parameters = {**_SINCE_THE_FIRST, **header["parameters"]}
    settings = dict(header["settings"])
    for name in ("block_size", "ridge", "margin_passes", "padding"):
        parameters.pop(name, None)
        settings.pop(name, None)
    return {**header, "parameters": parameters, "settings": {**_WITHOUT_MEMORY, **settings}}


def _of_one_network(header: Mapping[str, Any]) -> dict[str, Any]:
    """Header of one network with the banks of all members, which there could be several of.

    Members had the same patch sizes, or each its own, in a list of lists.
    """
    parameters, settings = dict(header["parameters"]), dict(header["settings"])
    for name in ("n_members", "warm_start", "batch_size"):
        parameters.pop(name, None)
    if isinstance(parameters.get("augmentation"), list):
        parameters["augmentation"] = next(iter(parameters["augmentation"]), None)
    sizes = _flat(settings["patch_size"])
    each = len(sizes) * len(ROOTS[settings.get("encoding", "brightness")])
    # Counted from the banks that there are: a file may say any number.
    members = len(header["hidden"]["geometries"]) // max(each, 1)
    if members > 1:
        sizes = parameters["patch_size"] = members * sizes
    elif isinstance(parameters["patch_size"], list):
        parameters["patch_size"] = _flat(parameters["patch_size"])
    settings["patch_size"] = sizes
    return {**header, "parameters": parameters, "settings": settings}


def _flat(sizes: Any) -> list[Any]:
    """Sizes in one list, of a number, a list, or a list of lists."""
    some = sizes if isinstance(sizes, list) else [sizes]
    return [size for one in some for size in (one if isinstance(one, list) else [one])]
