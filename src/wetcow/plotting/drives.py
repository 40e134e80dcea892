"""Figures of input in time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from wetcow.plotting.style import colors, figure_of, finish
from wetcow.simulation.drive import Drive

UNITS = {"gamma": "γ (1/time)", "omega": "ω (rad/time)", "additive": "|u| (amplitude/time)"}


def draw_drive(drive: Drive) -> Figure:
    """Draw what arrays of a drive add to modes, between their times.

    Parameters
    ----------
    drive : Drive

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        For functions of time, which do not say where to draw them.
    """
    given = drive.arrays()
    if not given:
        raise ValueError("functions of time have no times to be drawn at: give arrays over times")
    figure, axes = figure_of(8, 1.8 * len(given) + 0.6, len(given), 1, sharex=True)
    for axis, (name, values) in zip(axes[:, 0], given.items(), strict=True):
        rows = np.asarray(values)
        rows = np.abs(rows) if np.iscomplexobj(rows) else rows
        rows = rows.reshape(len(rows), -1)
        for row, color in zip(rows.T, colors(rows.shape[1]), strict=True):
            axis.plot(drive.times, row, color=color, lw=1)
        axis.set_ylabel(UNITS[name])
    axes[-1, 0].set_xlabel("time")
    finish(axes)
    return figure
