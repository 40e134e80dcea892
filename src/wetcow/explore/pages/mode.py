"""The page of a single mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, Span

from wetcow.explore.parts.lesson import Lesson
from wetcow.explore.parts.panes import lesson_page
from wetcow.explore.parts.widgets import (
    COLOURS,
    GREY,
    empty,
    legend,
    make_plot,
    slider,
    table,
)
from wetcow.explore.views.mode import SHOWN_METHODS, ModeView, look_at_mode
from wetcow.explore.views.runs import number_text
from wetcow.modes.criticality import CANONICAL

METHOD_NAMES = {"analytic": "the paper's [14]", "adiabatic": "adiabatic", "exact": "exact"}
INITIAL_GAMMA = 1.9
LESSON = Lesson(
    sentence="One wave mode, a = A e<sup>iφ</sup>. Its excitation γ decides whether it "
    "oscillates, spikes or falls silent [11, 12].",
    equations=[
        "dA/dt = {gamma} A + A² [ {w_a} cos(φ − {psi}) − α ]",
        "dφ/dt = {omega} + A {w_phi} cos φ",
    ],
    symbols={
        "gamma": "γ",
        "omega": "ω",
        "w_a": "w<sub>a</sub>",
        "w_phi": "w<sub>φ</sub>",
        "psi": "ψ",
    },
    presets={
        "oscillate": {"gamma": 0.3, "omega": 1.0},
        "spike slowly": {"gamma": 1.98, "omega": 1.0},
        "fall silent": {"gamma": 2.2, "omega": 1.0},
    },
    notice="the closer γ comes to γ<sub>c</sub>, the dotted line, the longer the mode waits "
    "between spikes. Beyond it, it spikes once and rests. The paper's rate [14] ends at the right "
    "place, but is too high before it.",
)


def mode_page() -> Any:
    """Sliders beside the motion of a mode and its rates."""
    sliders = {
        "gamma": slider("excitation γ", -0.5, 4.0, INITIAL_GAMMA),
        "omega": slider("frequency ω", 0.2, 3.0, 1.0),
        "w_a": slider("amplitude coupling w_a", 0.0, 2.9, CANONICAL.w_a),
        "w_phi": slider("phase coupling w_φ", 0.1, 4.0, CANONICAL.w_phi),
        "psi": slider("phase ψ", -3.14, 3.14, CANONICAL.psi),
    }
    start = {name: one.value for name, one in sliders.items()}
    reset = pn.widgets.Button(label="the paper's constants", width=290)

    def restore(_event: Any) -> None:
        for name, value in start.items():
            sliders[name].value = value

    reset.on_click(restore)
    return lesson_page(
        "mode",
        LESSON,
        sliders,
        look_at_mode,
        ModeFigures(),
        describe=describe_mode,
        controls=[*sliders.values(), reset],
    )


def describe_mode(view: ModeView) -> str:
    """HTML of what a mode does and of its rates."""
    rates = view.frequencies
    # Theory gives a damped mode the rate at which it rings down.
    ringing = " while it rings down" if view.criticality < 0 else ""
    integrated = number_text(rates["integrated"])
    rows = [
        ("criticality cr", number_text(view.criticality)),
        ("critical γ", number_text(view.critical_gamma)),
        ("regime", view.regime),
        *(
            (f"ω<sub>s</sub>, {METHOD_NAMES[name]}", number_text(rates[name]) + ringing)
            for name in SHOWN_METHODS
        ),
        (
            "ω<sub>s</sub>, integrated",
            f"{integrated} (silent)" if not rates["integrated"] else integrated,
        ),
    ]
    return table(rows)


class ModeFigures:
    """Figures of a mode: its amplitude, its phase, and rates against excitation.

    Attributes
    ----------
    figures : list
        Of Bokeh, to be put on a page.
    """

    def __init__(self) -> None:
        self._motion = ColumnDataSource({"time": [], "amplitude": [], "phase": []}, name="motion")
        columns: dict[str, Any] = {"gamma": [], **{name: [] for name in SHOWN_METHODS}}
        self._curves = ColumnDataSource(columns, name="curves")
        self._here = ColumnDataSource({"gamma": [], "rate": []}, name="here")
        self._critical = Span(dimension="height", line_color=GREY, line_dash="dotted")
        amplitude = make_plot("amplitude A", "time", "A")
        amplitude.line("time", "amplitude", source=self._motion, color=COLOURS[0])
        phase = make_plot(
            "phase φ", "time", "φ (rad)", x_range=amplitude.x_range, y_range=(-np.pi, np.pi)
        )
        phase.line("time", "phase", source=self._motion, color=COLOURS[0])
        self.figures = [amplitude, phase, self._rates()]

    def _rates(self) -> Any:
        made = make_plot("spiking frequency against excitation", "γ", "ω_s", height=240)
        for name, colour in zip(SHOWN_METHODS, COLOURS, strict=False):
            label = METHOD_NAMES[name]
            made.line("gamma", name, source=self._curves, color=colour, legend_label=label)
        made.scatter(
            "gamma", "rate", source=self._here, size=11, color="black", legend_label="integrated"
        )
        made.add_layout(self._critical)
        legend(made)
        return made

    def clear(self) -> None:
        """Show nothing."""
        empty(self._motion, self._curves, self._here)
        self._critical.location = None

    def show(self, view: ModeView) -> None:
        """Draw a mode."""
        self._motion.data = {"time": view.time, "amplitude": view.amplitude, "phase": view.phase}
        self._curves.data = {"gamma": view.curve_gamma, **view.curves}
        gamma = float(view.run.attrs["gamma"])
        self._here.data = {"gamma": [gamma], "rate": [view.frequencies["integrated"]]}
        self._critical.location = view.critical_gamma
