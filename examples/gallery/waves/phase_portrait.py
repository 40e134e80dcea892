"""
A phase portrait: where modes spike and where they rest
========================================================

A mode is a point in the complex plane. Below criticality it runs around for ever; beyond it, there
is a place where it comes to rest.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained")
for axis, gamma in zip(axes, (1.0, 1.9, 2.2), strict=True):
    mode = wc.Mode(gamma=gamma)
    for start in 1.2 * np.exp(2j * np.pi * np.arange(8) / 8):
        a = wc.simulate(mode, t1=60.0, num_samples=2001, a0=start).a[:, 0]
        axis.plot(a.real, a.imag, color="tab:blue", linewidth=0.8)
        axis.plot(a[-1].real, a[-1].imag, "o", color="black", markersize=4)
    criticality = float(mode.criticality)
    axis.set(title=f"γ = {gamma}: cr = {criticality:.2f}, {mode.state}", aspect="equal")
    axis.set(xlabel="Re a", ylabel="Im a")

# %%
# The closer γ is to its critical value, the longer a point waits where it will come to rest beyond
# it. That is what makes spikes of an oscillation.
