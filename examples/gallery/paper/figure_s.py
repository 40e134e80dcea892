"""
Figures S1-S8: single modes
===========================

Amplitude and phase of a single mode [11, 12], from weak excitation to just below the critical
point. Each panel shows six periods, or what 800 units of time hold.
"""

from wetcow.reports.experiments import SUPPLEMENT, single_modes
from wetcow.reports.figures import figure_supplement

runs = single_modes(SUPPLEMENT)
figures = [
    figure_supplement(runs.isel(gamma=index), criticality, index + 1)
    for index, criticality in enumerate(SUPPLEMENT)
]
