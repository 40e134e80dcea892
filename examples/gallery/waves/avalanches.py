"""
Avalanches of noisy regions near criticality
=============================================

All regions of a made-up brain rest just beyond their critical point, until noise makes one spike.
Its links pass that on.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

brain = wc.Connectome.example(76)
figure, axis = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
for strength in (0.0, 0.2, 0.4):
    coupling = brain.coupling(strength)
    total = np.asarray(coupling.matrix()).sum(axis=1)  # what a region hears when all are alike
    gamma = 2 * 1.01 * (1 + total.imag) - total.real  # criticality 1.01 with it
    network = wc.Network(gamma=gamma, omega=1.0, coupling=coupling)
    run = wc.simulate(network, t1=1000.0, num_samples=10_001, noise=0.05, dt=0.05, seed=0)
    events = wc.find_events(run, after=100.0)
    size = wc.find_avalanches(events).size
    share = 1 - np.arange(len(size)) / len(size)
    axis.loglog(np.sort(size), share, drawstyle="steps-post", label=f"K = {strength:g}")
    print(f"K = {strength:g}: {len(size)} avalanches, the largest of {size.max()} spikes")
axis.set(xlabel="spikes of an avalanche", ylabel="share of avalanches as large or larger")
axis.legend()
