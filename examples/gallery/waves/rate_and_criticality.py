"""
The spiking frequency falls to zero at criticality
===================================================

Forty modes, integrated in one call, beside the paper's formula [14] and the exact rate of the limit
cycle.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

gamma = np.linspace(0.05, 1.995, 40)
modes = wc.Mode(gamma=gamma)
run = wc.simulate(modes, t1=400.0, num_samples=8001)
integrated = wc.spiking_frequency(run, after=150.0)

figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
axis.plot(modes.criticality, modes.spiking_frequency("analytic"), label="the paper's [14]")
axis.plot(modes.criticality, modes.spiking_frequency(), label="exact")
axis.plot(modes.criticality, integrated, "o", color="black", markersize=4, label="integrated")
axis.set(xlabel="criticality γ/γ_c", ylabel="spiking frequency ω_s (rad/time)", ylim=(0, 1.05))
axis.legend()

# %%
# The formula ends at the right place. Before that it is too high, by a factor √2 in the end:

exact = float(wc.Mode(gamma=1.995).spiking_frequency())
print(f"at cr = 0.9975: {float(wc.Mode(gamma=1.995).spiking_frequency('analytic')) / exact:.3f}")
