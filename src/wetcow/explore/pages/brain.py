"""The page of a brain: one mode for each region of a connectome."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, LinearColorMapper

from wetcow.explore.pages.network import agreement
from wetcow.explore.parts.lesson import Lesson
from wetcow.explore.parts.panes import lesson_page
from wetcow.explore.parts.widgets import (
    COLOURS,
    add_colour_bar,
    beside,
    empty,
    make_plot,
    make_square_plot,
    slider,
    table,
)
from wetcow.explore.views.brain import BrainView, look_at_brain
from wetcow.explore.views.runs import number_text

_VIEWS = {
    "from above": ("right", "front"),
    "from the right": ("front", "top"),
    "from behind": ("right", "top"),
}
_FASTEST = 30.0  # Hz, shown of the spectrum
_HALF = 85.0  # mm, half the width of a view

LESSON = Lesson(
    sentence="One mode for each of 76 regions of a made-up connectome, coupled by its links. "
    "Delays are tract lengths over the speed, and enter as phases δ [19, 20].",
    equations=[
        "dA<sub>i</sub>/dt = {gamma} A<sub>i</sub> + … + {strength} "
        "Σ<sub>j</sub> w<sub>ij</sub> A<sub>j</sub> cos(φ<sub>j</sub> − φ<sub>i</sub> − "
        "δ<sub>ij</sub>),&emsp;δ<sub>ij</sub> = 2π · 10 Hz · length<sub>ij</sub> / {speed}",
    ],
    symbols={"gamma": "γ", "strength": "K", "speed": "v"},
    presets={
        "in step": {"speed": 20.0, "strength": 0.8, "gamma": 0.2},
        "slow tracts": {"speed": 1.5, "strength": 0.8, "gamma": 0.2},
        "each alone": {"speed": 5.0, "strength": 0.0, "gamma": 0.5},
        "fall silent": {"speed": 5.0, "strength": 0.8, "gamma": 0.8},
    },
    notice="regions in step spike far more slowly than 10 Hz, as what they hear adds to their "
    "excitation. With slow tracts they keep their own pace, and the order is lost.",
)


def brain_page() -> Any:
    """Sliders beside three views of a brain, its order and its spectrum."""
    widgets = {
        "speed": slider("conduction speed v, m/s", 0.5, 20.0, 5.0, step=0.1),
        "strength": slider("coupling strength K", 0.0, 2.0, 0.5),
        "gamma": slider("excitation γ", -0.5, 2.5, 0.5),
        "seed": pn.widgets.IntInput(label="seed of frequencies and start", value=0, start=0),
    }
    widgets["seed"].width = 290
    return lesson_page(
        "brain",
        LESSON,
        widgets,
        _look,
        BrainFigures(),
        describe=describe_brain,
        controls=[*widgets.values()],
    )


def _look(seed: int | None, **values: Any) -> BrainView:
    return look_at_brain(**values, seed=seed or 0)


def describe_brain(view: BrainView) -> str:
    """HTML of how far regions agree."""
    known = view.hertz[np.isfinite(view.hertz)]
    mean = float(known.mean()) if known.size else np.nan
    return table(
        [
            ("regime", view.network.regime),
            *agreement(view.network),
            ("mean spiking frequency, Hz", number_text(mean, 2)),
        ]
    )


class BrainFigures:
    """Figures of a brain: regions from three sides, order parameter, power spectrum.

    Attributes
    ----------
    figures : list
        Of Bokeh, to be put on a page.
    """

    def __init__(self) -> None:
        places: dict[str, Any] = {"right": [], "front": [], "top": [], "hertz": [], "region": []}
        self._regions = ColumnDataSource(places, name="regions")
        self._order = ColumnDataSource({"seconds": [], "r": []}, name="order")
        self._spectrum = ColumnDataSource({"hertz": [], "power": []}, name="spectrum")
        self._colours = LinearColorMapper(palette="Viridis256", low=0, high=10, nan_color="#bbbbbb")
        views = [self._view(title, *sides) for title, sides in _VIEWS.items()]
        add_colour_bar(views[-1], self._colours, "Hz")
        order = make_plot("order parameter r", "time (s)", "r", y_range=(0, 1.05))
        order.line("seconds", "r", source=self._order, color=COLOURS[0], line_width=2)
        spectrum = make_plot(
            "power spectrum, mean over regions",
            "frequency (Hz)",
            "power (1/Hz)",
            y_axis_type="log",
            x_range=(0, _FASTEST),
        )
        spectrum.line("hertz", "power", source=self._spectrum, color=COLOURS[0], line_width=2)
        self.figures = [beside(*views, wide=False), order, spectrum]

    def _view(self, title: str, x: str, y: str) -> Any:
        made = make_square_plot(title, f"{x} (mm)", f"{y} (mm)")
        for side in (made.x_range, made.y_range):
            side.update(start=-_HALF, end=_HALF)
        colour = {"field": "hertz", "transform": self._colours}
        made.scatter(x, y, source=self._regions, size=11, color=colour, line_color="#333333")
        made.add_tools(HoverTool(tooltips=[("region", "@region"), ("Hz", "@hertz{0.00}")]))
        return made

    def clear(self) -> None:
        """Show nothing."""
        empty(self._regions, self._order, self._spectrum)

    def show(self, view: BrainView) -> None:
        """Draw a brain."""
        known = view.hertz[np.isfinite(view.hertz)]
        self._colours.update(low=0, high=max(float(known.max(initial=0)), 1.0))
        right, front, top = view.positions.T
        self._regions.data = {
            "right": right,
            "front": front,
            "top": top,
            "hertz": view.hertz,
            "region": view.regions,
        }
        self._order.data = {"seconds": view.run["seconds"].values, "r": view.network.order}
        shown = (view.spectrum_hertz > 0) & (view.spectrum_hertz <= _FASTEST)
        self._spectrum.data = {
            "hertz": view.spectrum_hertz[shown],
            "power": view.spectrum[shown],
        }
