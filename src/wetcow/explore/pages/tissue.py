"""The page of waves in tissue."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.palettes import Greys256

from wetcow.explore.parts.lesson import Lesson
from wetcow.explore.parts.panes import lesson_page
from wetcow.explore.parts.widgets import (
    COLOURS,
    GREY,
    beside,
    empty,
    legend,
    make_image,
    make_plot,
    slider,
    table,
)
from wetcow.explore.views.runs import number_text
from wetcow.explore.views.tissue import SAMPLES, SIDE, SPACING, TissueView, look_at_tissue

_FRAME = 150  # ms between pictures
_WIDE = 1e3 * SIDE * SPACING  # mm
LESSON = Lesson(
    sentence="A packet of waves on a bent bundle of fibres in a slice of tissue. Its potential Ψ "
    "follows from conductivity alone [2]; damping and frequency are those of [5].",
    equations=[
        "∂<sub>t</sub> ∇²Ψ = −∇·(Σ·∇Ψ),&emsp;Σ = σ/ε,&emsp;σ: 1 S/m along fibres, {across} across",
        "γ = k·Σ·k/k²,&emsp;ω = −(∇·Σ)·k/k²,&emsp;|k| = 2π/{wavelength}, direction {angle}",
    ],
    symbols={"across": "σ<sub>⊥</sub>", "wavelength": "λ", "angle": "θ"},
    presets={
        "across the fibres": {"across": 0.1, "wavelength": 10.0, "angle": 45.0},
        "along the fibres": {"across": 0.1, "wavelength": 10.0, "angle": 135.0},
        "uniform tissue": {"across": 1.0, "wavelength": 10.0, "angle": 45.0},
    },
    notice="what lies along the fibres is gone at once, what lies across them outlives uniform "
    "tissue of the same mean conductivity. No passive tissue keeps a wave for ever: that takes "
    "the excitation γ of a mode.",
)


def tissue_page() -> Any:
    """Sliders beside a slice of tissue and the potential in it, in motion."""
    sliders = {
        "across": slider("conductivity across fibres σ⊥, S/m", 0.02, 1.0, 0.1),
        "wavelength": slider("wavelength λ, mm", 4.0, 40.0, 10.0, step=0.5),
        "angle": slider("direction θ, degrees", 0.0, 180.0, 45.0, step=1.0),
    }
    player = pn.widgets.Player(
        label="time", start=0, end=SAMPLES - 1, interval=_FRAME, loop_policy="loop", width=290
    )
    figures = TissueFigures()
    player.param.watch(lambda event: figures.move(event.new), "value")
    return lesson_page(
        "tissue",
        LESSON,
        sliders,
        look_at_tissue,
        figures,
        describe=describe_tissue,
        controls=[*sliders.values(), player],
    )


def describe_tissue(view: TissueView) -> str:
    """HTML of how long the packet lasts."""
    return table(
        [
            ("damping γ [5], 1/s", number_text(view.gamma, 0)),
            ("frequency ω [5], rad/s", number_text(view.omega, 0)),
            ("radians in a decay time |ω/γ|", number_text(abs(view.omega / view.gamma), 3)),
            ("the field is seen for, ms", number_text(1e3 * view.time[-1], 2)),
            ("energy left", f"{view.energy[-1]:.2g}"),
            ("in uniform tissue", f"{view.uniform[-1]:.2g}"),
        ]
    )


class TissueFigures:
    """Figures of tissue: its conductivity, the potential at one time, the energy.

    Attributes
    ----------
    figures : list
        Of Bokeh, to be put on a page.
    """

    def __init__(self) -> None:
        self._view: TissueView | None = None
        self._moment = 0
        self._tissue = ColumnDataSource({"image": []}, name="tissue")
        self._potential = ColumnDataSource({"image": []}, name="potential")
        self._energy = ColumnDataSource({"time": [], "here": [], "uniform": []}, name="energy")
        self._now = ColumnDataSource({"time": [], "here": []}, name="now")
        self._colours = LinearColorMapper(palette="RdBu11", low=-1, high=1)
        grey = LinearColorMapper(palette=Greys256[::-1], low=0.0, high=1.5)
        tissue = self._slice("largest conductivity", self._tissue, grey, "S/m")
        self._potential_plot = self._slice("potential Ψ", self._potential, self._colours, "V")
        energy = make_plot("energy of the field", "time (ms)", "energy / start", y_axis_type="log")
        energy.line(
            "time", "here", source=self._energy, color=COLOURS[0], line_width=2,
            legend_label="here",
        )  # fmt: skip
        energy.line(
            "time", "uniform", source=self._energy, color=GREY, line_dash="dashed",
            legend_label="uniform tissue of the same mean",
        )  # fmt: skip
        energy.scatter("time", "here", source=self._now, size=9, color="black")
        legend(energy)
        self.figures = [beside(tissue, self._potential_plot, wide=False), energy]

    def _slice(self, title: str, source: Any, colours: Any, value: str) -> Any:
        made = make_image(
            title,
            source,
            colours,
            x="x (mm)",
            y="y (mm)",
            width=_WIDE,
            height=_WIDE,
            value=value,
        )
        for side in (made.x_range, made.y_range):
            side.update(start=0, end=_WIDE)
        return made

    def clear(self) -> None:
        """Show nothing."""
        self._view = None
        empty(self._tissue, self._potential, self._energy, self._now)

    def show(self, view: TissueView) -> None:
        """Draw tissue and its field."""
        self._view = view
        self._tissue.data = {"image": [view.largest.T.astype(np.float32)]}
        self._energy.data = {
            "time": 1e3 * view.time,
            "here": view.energy,
            "uniform": view.uniform,
        }
        self.move(self._moment)

    def move(self, moment: int) -> None:
        """Show the potential of another moment; its colours reach to its largest value."""
        self._moment = moment
        if self._view is None:
            return
        picture = self._view.potential[moment].T.astype(np.float32)
        largest = float(np.abs(picture).max()) or 1.0
        self._colours.update(low=-largest, high=largest)
        time = 1e3 * float(self._view.time[moment])
        self._potential_plot.title.text = f"potential Ψ after {time:.2f} ms"
        self._potential.data = {"image": [picture]}
        self._now.data = {"time": [time], "here": [self._view.energy[moment]]}
