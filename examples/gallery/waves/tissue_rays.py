"""
Rays of waves through tissue
==============================

Wave packets follow the tensor of conductivity. Here it is larger along the fibres of a bent bundle.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc


def bundle(r):
    """Conductivity, S/m: 1 along circles about the origin on a band, 0.1 elsewhere and across."""
    x, y = r
    radius = np.hypot(x, y)
    along = np.array([-y, x]) / radius
    band = np.exp(-(((radius - 0.03) / 0.008) ** 2))
    return 0.1 * np.eye(2) + 0.9 * band * np.outer(along, along)


spacing = 1e-3
axis_mm = np.arange(5, 61)
sigma = np.array([[bundle((x * spacing, y * spacing)) for y in axis_mm] for x in axis_mm])
tissue = wc.Conductivity(sigma, spacing)
starts = np.array([[0.012, 0.016], [0.016, 0.02], [0.02, 0.024], [0.024, 0.028]])
rays = wc.trace_rays(tissue, starts, np.tile([-400.0, 300.0], (4, 1)), t1=0.1)

figure, axis = plt.subplots(figsize=(6, 5.2), layout="constrained")
extent = [0, 1e3 * spacing * len(axis_mm)] * 2
largest = np.linalg.eigvalsh(sigma)[..., -1]
picture = axis.imshow(largest.T, origin="lower", extent=extent, cmap="Greys", vmax=2)
figure.colorbar(picture, label="largest conductivity (S/m)")
for number in range(len(starts)):
    path = rays.position.isel(ray=number).values
    axis.plot(1e3 * path[..., 0], 1e3 * path[..., 1], linewidth=2)
axis.set(xlabel="x (mm)", ylabel="y (mm)")
