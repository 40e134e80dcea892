"""
A wave that travels over a sheet of modes
===========================================

4,096 modes on a sheet, each coupled to its neighbours by one small kernel. Modes on the left are
faster, so that the others follow them, and waves run to the right.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

side = 64
faster = np.exp(-(np.arange(side) ** 2) / 200.0)
omega = np.broadcast_to(1.0 + 0.3 * faster, (side, side)).ravel()
kernel = 0.2 * np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
sheet = wc.Network(0.6, omega, wc.Sheet((side, side), kernel, periodic=False))
run = wc.simulate(sheet, t1=90.0, num_samples=361, seed=0)

figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
for axis, time in zip(axes, (0.0, 8.0, 84.0, 88.0), strict=True):
    wave = run.a.sel(time=time, method="nearest").values.real.reshape(side, side)
    picture = axis.imshow(wave, cmap="RdBu_r", vmin=-0.6, vmax=0.6)
    axis.set(title=f"time {time:g}", xticks=[], yticks=[])
figure.colorbar(picture, label="Re a")
