"""Features of series as a header and arrays, and back, checked; and their card."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from wetcow.learning.io.soundness import UnsoundError
from wetcow.learning.model.series_modes import N_FILTERS, SeriesModes

_PREFIX, _CHANGES = "series/", "series/differences/"


def pack_series(features: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return fitted `wetcow.SeriesFeatures` as JSON and arrays."""
    seed = features.random_state
    header = {
        "parameters": {
            "n_modes": int(features.n_modes),
            "omega": float(features.omega),
            "n_segments": int(features.n_segments),
            "differences": features.differences,
            "random_state": int(seed) if isinstance(seed, Integral) else None,
        },
        "hears_differences": features.difference_modes_ is not None,
        "n_channels": features.n_channels_,
        "n_times": getattr(features, "n_features_in_", None),
    }
    arrays = {}
    for prefix, modes in ((_PREFIX, features.modes_), (_CHANGES, features.difference_modes_)):
        if modes is not None:
            arrays |= {f"{prefix}{name}": array for name, array in modes._asdict().items()}
    return header, arrays


def unpack_series(cls: Any, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the features of series, of class `cls`, that `pack_series` took apart.

    Raises
    ------
    UnsoundError
        If parts do not fit each other.
    KeyError, TypeError, ValueError
        For parts that are missing or of another kind altogether.
    """
    parameters = dict(header["parameters"])
    features = cls(parameters.pop("n_modes"), **parameters)
    features._validate_params()
    channels, times = header["n_channels"], header["n_times"]
    for name, value in (("n_channels", channels), ("n_times", 1 if times is None else times)):
        if type(value) is not int or value < 1:
            raise UnsoundError(f"{name} is {value!r}, not an integer of at least 1")
    features.n_channels_ = channels
    features.modes_ = _modes(arrays, _PREFIX, channels)
    features.difference_modes_ = None
    if header.get("hears_differences", False):  # not in files of earlier versions
        features.difference_modes_ = _modes(arrays, _CHANGES, channels)
    if times is not None:
        features.n_features_in_ = times
    return features


def series_facts(features: Any) -> str:
    """Say in a paragraph of Markdown what fitted features hear."""
    modes = features.modes_
    count = features.n_channels_
    heard = "one channel" if count == 1 else f"{count} channels"
    widest, numbers = int(modes.dilation[-1]), features._n_features_out
    changes = ""
    if features.difference_modes_ is not None:
        also = features.difference_modes_.threshold.size
        changes = f" {also:,} more hear in the same way by how much series change."
    return (
        f"Series of {heard}, of any length. {modes.threshold.size:,} hidden modes hear nine "
        f"moments each, 1 to {widest} samples apart ({len(modes.dilation)} scales, {N_FILTERS} "
        f"couplings, {modes.threshold.shape[2]} thresholds).{changes} Of each, the share of time "
        f"beyond its onset and its mean amplitude are kept: {numbers:,} numbers for a series, "
        f"pooled over {_segments(features.n_segments)}. "
        "Missing values are refused. The scale of series counts, and all of their length."
    )


def _segments(count: int) -> str:
    return "all of it" if count == 1 else f"{count} equal parts of it"


def _modes(arrays: Mapping[str, np.ndarray], prefix: str, channels: int) -> SeriesModes:
    """Return modes that hear so many channels; raise unless arrays are those of such."""
    modes = SeriesModes(*(arrays[f"{prefix}{name}"] for name in SeriesModes._fields))
    dilations = len(modes.dilation)
    thresholds = modes.threshold.shape[-1] if modes.threshold.ndim else 0
    shapes = {
        "dilation": (dilations,),
        "channels": (dilations, N_FILTERS, channels),
        "threshold": (dilations, N_FILTERS, thresholds),
        "spread": (dilations, N_FILTERS),
    }
    for name, shape in shapes.items():
        array = getattr(modes, name)
        kind = np.int32 if name == "dilation" else np.float32
        if array.shape != shape or array.dtype != kind or not array.size:
            raise UnsoundError(
                f"array '{prefix}{name}' is {array.dtype} {array.shape}, not {kind.__name__} "
                f"{shape} with at least one number"
            )
        if not np.isfinite(array).all():
            raise UnsoundError(f"array '{prefix}{name}' has NaN or infinity")
    if modes.dilation[0] < 1 or np.any(np.diff(modes.dilation) <= 0):
        raise UnsoundError("dilations do not grow from at least 1")
    if modes.spread.min() <= 0:
        raise UnsoundError(f"array '{prefix}spread' has what is not positive")
    return modes
