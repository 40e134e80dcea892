"""The page of a network of modes coupled alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, LinearColorMapper

from wetcow.explore.parts.lesson import Lesson
from wetcow.explore.parts.panes import lesson_page
from wetcow.explore.parts.widgets import (
    COLOURS,
    GREY,
    add_colour_bar,
    empty,
    legend,
    make_plot,
    slider,
    table,
)
from wetcow.explore.views.network import (
    MOST_SHOWN_MODES,
    NetworkView,
    look_at_network,
    when_synchronous,
)
from wetcow.explore.views.runs import number_text

_EVERY, _SAMPLES = 4, 2000  # each fourth sample of the picture of all modes, of so many

_ALIKE = {"delta": 0.0, "spread": 0.3}

LESSON = Lesson(
    sentence="Modes of different frequencies, all coupled alike, "
    "R<sub>ij</sub> = (K/N) e<sup>−iδ</sup> [19, 20].",
    equations=[
        "dA<sub>i</sub>/dt = ({gamma} + {pulse}) A<sub>i</sub> + … + ({strength}/{size}) "
        "Σ<sub>j≠i</sub> A<sub>j</sub> cos(φ<sub>j</sub> − φ<sub>i</sub> − {delta})",
        "A<sub>i</sub> dφ<sub>i</sub>/dt = ω<sub>i</sub> A<sub>i</sub> + … + "
        "({strength}/{size}) Σ<sub>j≠i</sub> A<sub>j</sub> sin(φ<sub>j</sub> − φ<sub>i</sub> − "
        "{delta})",
    ],
    symbols={"gamma": "γ", "pulse": "γ<sub>0</sub>(t)", "strength": "K", "size": "N", "delta": "δ"},
    presets={
        "in step": {**_ALIKE, "strength": 1.0, "gamma": 0.5, "pulse": 0.0},
        "drift apart": {**_ALIKE, "strength": 0.05, "gamma": 0.5, "pulse": 0.0},
        "fall silent": {**_ALIKE, "strength": 1.0, "gamma": 2.9, "pulse": 0.0},
        "silenced for a while": {
            **_ALIKE,
            "strength": 1.0,
            "gamma": 0.5,
            "pulse": 2.4,
            "start": 40.0,
            "length": 30.0,
        },
    },
    notice="what couplings add to γ brings modes closer to criticality, so that a network in step "
    "also spikes more slowly than its modes do alone.",
)


def network_page() -> Any:
    """Sliders beside the waves of a network and its order parameter."""
    sliders = {
        "size": pn.widgets.IntSlider(
            label="modes N", start=2, end=MOST_SHOWN_MODES, value=10, width=290
        ),
        "strength": slider("coupling strength K", 0.0, 3.0, 1.0),
        "delta": slider("coupling phase δ", -3.14, 3.14, 0.0),
        "gamma": slider("excitation γ", -0.5, 3.0, 0.5),
        "spread": slider("spread of frequencies", 0.0, 0.9, 0.3),
        "pulse": slider("pulse: its excitation γ₀", -3.0, 3.0, 0.0),
        "start": slider("pulse: its start", 0.0, 100.0, 40.0, step=1.0),
        "length": slider("pulse: its length", 1.0, 100.0, 30.0, step=1.0),
    }
    again = pn.widgets.IntInput(label="seed of the start", value=0, start=0, width=290)
    widgets = {**sliders, "seed": again}
    return lesson_page(
        "network",
        LESSON,
        widgets,
        _look,
        NetworkFigures(),
        describe=describe_network,
        controls=[*widgets.values()],
    )


def _look(seed: int | None, **values: Any) -> NetworkView:
    return look_at_network(**values, seed=seed or 0)


def describe_network(view: NetworkView) -> str:
    """HTML of how far modes agree."""
    return table([("regime", view.regime), *agreement(view)])


def agreement(view: NetworkView) -> list[tuple[str, str]]:
    """Rows of how far modes agree and how fast they spike."""
    rates = view.frequencies
    unknown = int(np.isnan(rates).sum())
    if unknown:
        spiking = f"too few spikes to say for {unknown} of {rates.size}"
    else:
        spiking = f"{number_text(rates.min(), 3)} … {number_text(rates.max(), 3)}"
    undefined = "not defined: fewer than two modes move"
    silent = round(view.silent_share * rates.size)
    return [
        ("order parameter r at the end", number_text(float(view.order[-1]), 3, undefined)),
        ("its mean over the second half", number_text(view.mean_order, 3, undefined)),
        ("r ≥ 0.99 after", when_synchronous(view)),
        ("silent modes", f"{silent} of {rates.size}"),
        ("spiking frequencies", spiking),
    ]


class NetworkFigures:
    """Figures of a network: its waves, its order parameter, its frequencies.

    Attributes
    ----------
    figures : list
        Of Bokeh, to be put on a page.
    waves, order, frequencies
        The figures, by name, to be drawn into.
    """

    def __init__(self) -> None:
        self._order = ColumnDataSource({"time": [], "r": []}, name="order")
        self._rates = ColumnDataSource({"mode": [], "linear": [], "spiking": []}, name="rates")
        self._waves = ColumnDataSource({"image": [], "n": [], "to": []}, name="waves")
        self._pulse = ColumnDataSource({"start": [], "end": []}, name="pulse")
        self._colours = LinearColorMapper(palette="RdBu11", low=-1, high=1)
        self.waves = make_plot("waves Re a of all modes", "time", "mode", height=260)
        self.waves.image(
            "image", x=0, y=0.5, dw="to", dh="n", source=self._waves, color_mapper=self._colours
        )
        # Above, so that its times stand over those of the figures below.
        add_colour_bar(self.waves, self._colours, place="above")
        hover = [("time", "$x{0.0}"), ("mode", "$y{0}"), ("Re a", "@image{0.000}")]
        self.waves.add_tools(HoverTool(tooltips=hover))
        self.waves.x_range.range_padding = self.waves.y_range.range_padding = 0
        self.order = make_plot(
            "order parameter r", "time", "r", y_range=(0, 1.05), x_range=self.waves.x_range
        )
        self.order.quad(
            left="start", right="end", bottom=0, top=1.05, source=self._pulse, color=GREY, alpha=0.3
        )
        self.order.line("time", "r", source=self._order, color=COLOURS[0], line_width=2)
        self.frequencies = make_plot("frequencies", "mode", "rad/time")
        self.frequencies.scatter(
            "mode",
            "linear",
            source=self._rates,
            color=GREY,
            marker="x",
            size=8,
            legend_label="linear ω",
        )
        self.frequencies.scatter(
            "mode",
            "spiking",
            source=self._rates,
            color=COLOURS[1],
            size=7,
            legend_label="spiking ω_s",
        )
        self.frequencies.y_range.start = 0
        legend(self.frequencies)
        self.figures = [self.waves, self.order, self.frequencies]

    def clear(self) -> None:
        """Show nothing."""
        empty(self._waves, self._order, self._rates, self._pulse)

    def show(self, view: NetworkView) -> None:
        """Draw a network."""
        every = _EVERY * (len(view.time) - 1) // _SAMPLES  # as many pixels for long runs
        picture = view.motion[::every].T.astype(np.float32)
        largest = float(np.abs(picture).max()) or 1.0
        self._colours.update(low=-largest, high=largest)
        self._waves.data = {"image": [picture], "n": [len(picture)], "to": [view.time[-1]]}
        self._order.data = {"time": view.time, "r": view.order}
        pulses = [] if view.pulsed is None else [view.pulsed]
        self._pulse.data = {
            "start": [start for start, _ in pulses],
            "end": [end for _, end in pulses],
        }
        self._rates.data = {
            "mode": np.arange(1, len(view.omega) + 1),
            "linear": view.omega,
            "spiking": view.frequencies,
        }
