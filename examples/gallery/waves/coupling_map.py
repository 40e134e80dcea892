"""
How coupling strength and phase decide on order
================================================

A sweep over two parameters at once: 20 × 21 networks of twelve modes, reduced to one number each
while they run, so that no trajectory is kept.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

strength = np.linspace(0.0, 1.5, 20)
delta = np.linspace(-np.pi, np.pi, 21)
couplings = [wc.LowRank.uniform(12, np.exp(-1j * angle)) for angle in delta]
runs = wc.sweep(
    wc.Network(0.5, np.linspace(0.7, 1.3, 12), couplings[0]),
    t1=100.0,
    coupling=couplings,
    coupling_strength=strength,
    seed=0,
    record=False,
    reduce={"order": wc.synchrony.MeanOrder(after=50.0)},
)

figure, axis = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
order = runs["order"].transpose("coupling_strength", "coupling")
picture = axis.pcolormesh(delta, strength, order, vmin=0, vmax=1)
figure.colorbar(picture, label="order parameter, mean of the second half")
axis.set(xlabel="phase δ of all couplings (rad)", ylabel="coupling strength K")

# %%
# Around δ = 0 couplings act on amplitudes, around ±π/2 on phases.
