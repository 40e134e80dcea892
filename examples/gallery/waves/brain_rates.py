"""
How fast each region of a brain spikes
========================================

One mode for each region of a made-up connectome. Regions that hear much spike slowly.
"""

import matplotlib.pyplot as plt

import wetcow as wc

brain = wc.Connectome.example(76)
network = brain.to_network(gamma=0.5, coupling_strength=0.5)
run = brain.label(wc.simulate(network, t1=300.0, num_samples=3001, seed=0))
hertz = brain.frequency * wc.spiking_frequency(run, after=100.0)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
x, y, _ = brain.positions.T
dots = left.scatter(x, y, c=hertz, s=60, edgecolor="0.3")
figure.colorbar(dots, label="spiking frequency (Hz)")
left.set(xlabel="right (mm)", ylabel="front (mm)", aspect="equal", title="from above")
right.plot(brain.weights.sum(axis=1), hertz, "o", markersize=4)
right.set(xlabel="sum of the weights of a region's links", ylabel="spiking frequency (Hz)")
