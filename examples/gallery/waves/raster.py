"""
A raster of spikes: a memory, and what its two halves do
==========================================================

Thirty modes of different frequencies replay one mode. With their weights alone, or their phases
alone, they do not.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

memory = wc.memorize(wc.Mode(gamma=1.6), omega=np.linspace(0.3, 1.7, 30), background=0.5, seed=0)
networks = {
    "amplitude and phase": memory,
    "amplitude only": wc.amplitude_only(memory),
    "phase only": wc.phase_only(memory),
}
figure, axes = plt.subplots(3, 1, figsize=(9, 6), sharex=True, layout="constrained")
for axis, (name, network) in zip(axes, networks.items(), strict=True):
    run = wc.simulate(network, t1=120.0, num_samples=4801, seed=0)
    axis.eventplot(wc.spike_times(run), colors="black", linewidths=0.8)
    order = float(wc.order_parameter(run)[-1200:].mean())
    axis.set(title=f"{name}: order parameter {order:.2f}", ylabel="mode")
axes[-1].set_xlabel("time")
