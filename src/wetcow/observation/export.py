"""Time series for other packages: MNE and NIfTI."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.observation.series import channels_of, interval_of
from wetcow.optional import optional

CHANNELS = {"eeg": "eeg", "meg": "mag", "seeg": "seeg"}  # of MNE, by kinds of sensors
MILLIMETRE = 1e-3


def to_mne(series: xr.DataArray, *, scale: float = 1.0) -> Any:
    """Time series as a ``mne.io.RawArray``.

    Parameters
    ----------
    series : xarray.DataArray
        Real, on time (s) and sensor or mode, such as `eeg`.
    scale : float
        Of the values, to make volts of EEG and SEEG and teslas of MEG, as MNE takes them to be.

    Returns
    -------
    mne.io.RawArray
        Channels named after sensors or regions. Where the positions of electrodes are known they
        are in its montage, in the axes they have.

    Raises
    ------
    ImportError
        Without the extra ``mne``.
    ValueError
        For samples that are uneven or not in seconds, a complex series, or one of a sweep.
    """
    mne = optional("mne", "mne", "to_mne()")
    channel = _single(series)
    names = _names(series, channel)
    kind = CHANNELS.get(str(series.attrs.get("kind")), "misc")
    info = mne.create_info(names, 1 / interval_of(series), kind)
    values = series.transpose(channel, "time").values * validation.number("scale", scale)
    raw = mne.io.RawArray(values, info, verbose="error")
    if kind in ("eeg", "seeg") and "sensor_x" in series.coords:
        places = np.stack([series[f"sensor_{axis}"].values for axis in "xyz"], axis=1)
        where = dict(zip(names, places * MILLIMETRE, strict=True))
        raw.set_montage(mne.channels.make_dig_montage(where, coord_frame="head"), verbose="error")
    return raw


def to_nifti(series: xr.DataArray, atlas: Any = None, *, labels: Any = None) -> Any:
    """Time series of regions as a ``nibabel.Nifti1Image`` of four dimensions.

    Parameters
    ----------
    series : xarray.DataArray
        Real, on time (s) and mode, such as `bold`; n regions.
    atlas : path or nibabel image, optional
        Of whole numbers, each voxel that of its region. Without it a region is a voxel in a row.
    labels : int array (n,), optional
        The number of each region in the atlas. Default: 1 to n.

    Returns
    -------
    nibabel.Nifti1Image
        float32 (x, y, z, time), zero outside of regions, mm and s, with the time between volumes in
        its header. ``nibabel.save`` writes it.

    Raises
    ------
    ImportError
        Without the extra ``mri``.
    ValueError
        For an atlas without some of the regions, samples that are uneven or not in seconds, a
        complex series, or one of a sweep.
    """
    nibabel = optional("nibabel", "mri", "to_nifti()")
    channel = _single(series)
    values = series.transpose(channel, "time").values.astype(np.float32)
    affine = np.eye(4)
    if atlas is None:
        volume = values[:, None, None, :]
    else:
        image = nibabel.load(atlas) if isinstance(atlas, str | os.PathLike) else atlas
        affine = image.affine
        volume = _filled(values, np.asarray(image.dataobj), labels)
    found = nibabel.Nifti1Image(volume, affine)
    found.header.set_xyzt_units("mm", "sec")
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    found.header.set_zooms((*sizes, interval_of(series)))
    return found


def _filled(values: np.ndarray, atlas: np.ndarray, labels: Any) -> np.ndarray:
    """Voxels (x, y, z, time)."""
    if atlas.ndim == 4 and atlas.shape[-1] == 1:
        atlas = atlas[..., 0]
    if atlas.ndim != 3:
        raise ValueError(f"an atlas has three dimensions, got shape {atlas.shape}")
    numbers = np.arange(1, len(values) + 1) if labels is None else np.asarray(labels)
    if numbers.shape != (len(values),):
        raise ValueError(f"labels must be {len(values)} numbers, got shape {numbers.shape}")
    missing = np.setdiff1d(numbers, atlas)
    if missing.size:
        raise ValueError(
            f"the atlas has no voxel of region {missing[0]} ({missing.size} of {len(values)} are "
            "missing); give its numbers as labels="
        )
    order = np.argsort(numbers)
    place = order[np.searchsorted(numbers, atlas, sorter=order).clip(max=len(values) - 1)]
    inside = numbers[place] == atlas
    return np.where(inside[..., None], values[place], np.float32(0))


def _single(series: xr.DataArray) -> str:
    """The dimension of channels of a series that is real and no sweep."""
    channel = channels_of(series)
    if series.ndim != 2:
        raise ValueError(f"choose one run of a sweep, such as .isel({series.dims[0]}=0)")
    if series.dtype.kind == "c":
        raise ValueError("the series must be real, got complex values: take .real or abs()")
    return channel


def _names(series: xr.DataArray, channel: str) -> list[str]:
    source = "region" if channel == "mode" and "region" in series.coords else channel
    return [str(name) for name in series[source].values]
