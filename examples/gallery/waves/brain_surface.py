"""
Power at rest, on the cortex
============================

How strong the waves of each region are under weak noise, for two connectomes of The Virtual Brain.
The first comes with a cortex, of whose vertices it is known which region they are in. Of the second
only the centres of regions are known, so that vertices of fsaverage take the nearest one of their
hemisphere: an approximation, which the figure names.

The data come with a package, as does what draws them: ``pip install tvb-data nilearn``.
"""

import importlib.util
import io
import pathlib
import zipfile

import numpy as np

import wetcow as wc

tvb = pathlib.Path(importlib.util.find_spec("tvb_data").submodule_search_locations[0])


def power_at_rest(brain):
    """Mean |a|² of each region, near the onset of waves."""
    net = brain.to_network(gamma=-1.05, coupling_strength=1.0, delays="none")
    return wc.resting(net, noise=1e-3).power


# %%
# In the files of this cortex vertices point to the front, left and up, and the first half is the
# right hemisphere; pictures need right, front and up.
brain = wc.load_connectome(tvb / "connectivity" / "connectivity_76.zip", normalisation="spectral")
with zipfile.ZipFile(tvb / "surfaceData" / "cortex_16384.zip") as archive:
    front, left, up = np.loadtxt(io.TextIOWrapper(archive.open("vertices.txt"))).T
    triangles = np.loadtxt(io.TextIOWrapper(archive.open("triangles.txt"))).astype(int)
vertices = np.stack([-left, front, up], axis=1)
mapping = np.loadtxt(tvb / "regionMapping" / "regionMapping_16k_76.txt").astype(int)
half = len(vertices) // 2
of_right = np.all(triangles < half, axis=1)
known = wc.plot_surface(
    power_at_rest(brain),
    (mapping[half:], mapping[:half]),
    regions=brain,
    mesh=((vertices[half:], triangles[~of_right] - half), (vertices[:half], triangles[of_right])),
    label="power |a|² at rest",
)

# %%
# These centres are in MNI's space, as fsaverage about is.
other = wc.load_connectome(tvb / "connectivity" / "connectivity_96.zip", normalisation="spectral")
nearest = wc.plot_surface(
    power_at_rest(other), "nearest", regions=other, label="power |a|² at rest"
)
