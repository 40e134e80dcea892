"""
A whole brain, region by region
=================================

Seventy-six coupled regions with conduction delays, from the synthetic connectome that the package
makes; put your own in its place with `load_connectome`.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

brain = wc.Connectome.example(frequency=10.0, speed=6.0)
run = wc.simulate(
    brain.to_network(gamma=0.6, coupling_strength=0.5), t1=120.0, num_samples=2401, seed=0
)
run = brain.label(run)

figure, axes = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained", width_ratios=[2, 1])
picture = axes[0].pcolormesh(
    run.seconds, np.arange(run.sizes["mode"]), run.a.values.real.T, cmap="RdBu_r"
)
axes[0].set(xlabel="time (s)", ylabel="region", title="Re a")
figure.colorbar(picture)
connectivity = wc.functional_connectivity(run, "correlation")
picture = axes[1].imshow(connectivity, cmap="RdBu_r", vmin=-1, vmax=1)
axes[1].set(title="correlation of regions", xlabel="region", ylabel="region")
figure.colorbar(picture)
print(wc.compare_connectivity(connectivity, brain.weights))
