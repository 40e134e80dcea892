"""
A brain at rest, as a scanner sees it
=====================================

Forty coupled regions below onset, under weak noise. Blood follows the power of their slow waves by
the Balloon–Windkessel model, while the network runs; the first minute, in which it adapts, is left
out. What scans give on average follows in closed form: one scan is a noisy sample of it.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

brain = wc.Connectome.example(40, frequency=2.0, normalisation="spectral")
net = brain.to_network(gamma=-1.3, coupling_strength=1.25, delays="none")
rest = wc.resting(net, noise=1e-3)
expected = brain.label(wc.resting_bold(rest, time_unit=brain.time_unit).correlation)

run = wc.simulate(
    net,
    t1=360.0 / brain.time_unit,  # six minutes
    num_samples=9001,
    noise=1e-3,
    a0=0,
    seed=0,
    precision="single",
    record=False,  # only the volumes are kept
    reduce={"bold": wc.Bold(tr=1.0, time_unit=brain.time_unit)},
)
seen = brain.label(wc.bold(run)).sel(time=slice(60, None))
found = wc.functional_connectivity(seen, "correlation")

figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained", width_ratios=[1.4, 1, 1])
picture = axes[0].pcolormesh(
    seen.time, np.arange(brain.size), 1e6 * (seen - seen.mean("time")).T, cmap="RdBu_r"
)
axes[0].set(xlabel="time (s)", ylabel="region", title="BOLD, simulated")
figure.colorbar(picture, label="signal change (millionths)")
panels = {"one scan of five minutes": found, "all scans, in closed form": expected}
for axis, (title, values) in zip(axes[1:], panels.items(), strict=True):
    picture = axis.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
    axis.set(title=title, xlabel="region", ylabel="region")
figure.colorbar(picture, label="correlation of BOLD")
print(f"margin from criticality {rest.margin:.2f}")
print(wc.compare_connectivity(found, expected))
