"""The page of a single mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, Span

from wetcow.explore.mode_view import SHOWN_METHODS, ModeView, look_at_mode
from wetcow.explore.runs import number_text
from wetcow.explore.widgets import (
    COLOURS,
    GREY,
    error_box,
    follow,
    legend,
    make_plot,
    pane,
    show_error,
    slider,
    table,
)
from wetcow.modes.criticality import CANONICAL

METHOD_NAMES = {"analytic": "the paper's [14]", "adiabatic": "adiabatic", "exact": "exact"}
INITIAL_GAMMA = 1.9


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
    values, box = pn.pane.HTML(""), error_box()
    motion = ColumnDataSource({"time": [], "amplitude": [], "phase": []}, name="motion")
    curves = ColumnDataSource({"gamma": [], **{name: [] for name in SHOWN_METHODS}}, name="curves")
    here = ColumnDataSource({"gamma": [], "rate": []}, name="here")
    critical = Span(dimension="height", line_color=GREY, line_dash="dotted")

    def update() -> None:
        try:
            view = look_at_mode(**{name: one.value for name, one in sliders.items()})
        except ValueError as error:
            show_error(box, error)
            return
        show_error(box, None)
        motion.data = {"time": view.time, "amplitude": view.amplitude, "phase": view.phase}
        curves.data = {"gamma": view.curve_gamma, **view.curves}
        integrated = view.frequencies["integrated"]
        here.data = {"gamma": [sliders["gamma"].value], "rate": [integrated]}
        critical.location = view.critical_gamma
        values.object = describe_mode(view)

    figures = _figures(motion, curves, here, critical)
    follow(sliders.values(), update)
    return pn.Row(pn.Column(*sliders.values(), reset, values, box, width=310), pane(*figures))


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


def _figures(motion: Any, curves: Any, here: Any, critical: Any) -> list[Any]:
    amplitude = make_plot("amplitude A", "time", "A")
    amplitude.line("time", "amplitude", source=motion, color=COLOURS[0])
    phase = make_plot(
        "phase φ", "time", "φ (rad)", x_range=amplitude.x_range, y_range=(-np.pi, np.pi)
    )
    phase.line("time", "phase", source=motion, color=COLOURS[0])
    rates = make_plot("spiking frequency against excitation", "γ", "ω_s", height=240)
    for name, colour in zip(SHOWN_METHODS, COLOURS, strict=False):
        rates.line("gamma", name, source=curves, color=colour, legend_label=METHOD_NAMES[name])
    rates.scatter("gamma", "rate", source=here, size=11, color="black", legend_label="integrated")
    rates.add_layout(critical)
    legend(rates)
    return [amplitude, phase, rates]
