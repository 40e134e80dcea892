"""
Figure 1: how often a mode spikes
=================================

The effective spiking frequency against criticality: the paper's estimate [14] beside the exact
rate of limit cycles and what integrated modes do. The insets of the paper are at the right.
"""

from wetcow.reports.experiments import SUPPLEMENT, frequency_table, single_modes
from wetcow.reports.figures import figure_1

runs = single_modes(SUPPLEMENT)
table = frequency_table(runs)
figure = figure_1(runs, table)

# %%
# The square-root law and the critical point of [14] are right; its coefficient is not, by up to
# :math:`\sqrt{2}`:

for row in table:
    print(
        f"cr = {row['criticality']:<7} [14] {row['analytic']:.5f}   integrated "
        f"{row['integrated']:.5f}   too high by {row['analytic'] / row['integrated'] - 1:.1%}"
    )
