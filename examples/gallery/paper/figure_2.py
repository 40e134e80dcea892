"""
Figure 2: a memory of subcritical spiking
=========================================

A single mode with sensory input (top), and ten modes with different frequencies that replay it
without, because their couplings satisfy [26-30] (middle; below it the first two linear periods).
"""

import wetcow as wc
from wetcow.reports.experiments import REPLAYS, replay
from wetcow.reports.figures import figure_memory

network, single, run = replay("fig2", seed=0)
figure = figure_memory(single, run, "Figure 2, subcritical")

# %%
# All spike at the rate of the single mode, and synchronize within one linear period:

target = float(wc.Mode(gamma=REPLAYS["fig2"].gamma).spiking_frequency())
rates = wc.spiking_frequency(run, after=0.4 * REPLAYS["fig2"].t1).values
print(f"rates {rates.min():.4f} to {rates.max():.4f}, remembered {target:.4f}")
print(f"linear periods to synchrony: {float(wc.time_to_synchrony(run)):.2f}")
