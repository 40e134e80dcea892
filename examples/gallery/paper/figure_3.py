"""
Figure 3: a memory close to criticality
=======================================

As figure 2, with a mode at criticality 0.99, which spikes ten times more slowly than it would
oscillate.
"""

import wetcow as wc
from wetcow.reports.experiments import REPLAYS, replay
from wetcow.reports.figures import figure_memory

network, single, run = replay("fig3", seed=0)
figure = figure_memory(single, run, "Figure 3, close to criticality")

# %%
# All spike at the rate of the single mode, and synchronize within one linear period:

target = float(wc.Mode(gamma=REPLAYS["fig3"].gamma).spiking_frequency())
rates = wc.spiking_frequency(run, after=0.25 * REPLAYS["fig3"].t1).values
print(f"rates {rates.min():.4f} to {rates.max():.4f}, remembered {target:.4f}")
print(f"linear periods to synchrony: {float(wc.time_to_synchrony(run)):.2f}")
