"""
Figures 2 and 3: memories below and close to criticality
=========================================================

A single mode with sensory input (top), and ten modes with different frequencies that replay it
without, because their couplings satisfy [26-30] (middle; below it the first two linear periods).
The mode of figure 3 has criticality 0.99 and spikes about ten times more slowly than it would
oscillate.
"""

import wetcow as wc
from wetcow.reports.experiments import REPLAYS, replay
from wetcow.reports.figures import figure_memory

titles = {"fig2": "Figure 2, subcritical", "fig3": "Figure 3, close to criticality"}
replays = {name: replay(name, seed=0) for name in titles}
figures = [figure_memory(single, run, titles[name]) for name, (_, single, run) in replays.items()]

# %%
# All spike at the rate of the single mode, and synchronize within one linear period:

for name, (_, _, run) in replays.items():
    target = float(wc.Mode(gamma=REPLAYS[name].gamma).spiking_frequency())
    rates = wc.spiking_frequency(run, after=0.25 * REPLAYS[name].t1).values
    print(f"{titles[name]}: rates {rates.min():.4f} to {rates.max():.4f}, remembered {target:.4f}")
    print(f"linear periods to synchrony: {float(wc.time_to_synchrony(run)):.2f}")
