"""The page on which a memory is built."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, LinearColorMapper, Span

from wetcow.explore.pages.network import NetworkFigures, agreement
from wetcow.explore.parts.lesson import Lesson
from wetcow.explore.parts.panes import lesson_page
from wetcow.explore.parts.widgets import (
    COLOURS,
    beside,
    empty,
    legend,
    make_image,
    make_plot,
    slider,
    table,
)
from wetcow.explore.views.memory import MemoryView, look_at_memory, read_frequencies
from wetcow.explore.views.runs import number_text

NUM_MODES = 10
FROM_TO = 0.1, 1.9  # radians/time
LESSON = Lesson(
    sentence="Modes of different frequencies that spike together like one mode which a sense "
    "excites, without its input. Their couplings R follow from a linear condition [26–30].",
    equations=[
        "Σ<sub>j</sub> R<sub>ij</sub> = ({target_gamma} − {background}) + "
        "i (ω<sub>s</sub> − ω<sub>i</sub>),&emsp;|R<sub>ij</sub>| ≤ {max_weight},&emsp;"
        "|arg R<sub>ij</sub>| ≤ {max_phase}",
    ],
    symbols={
        "target_gamma": "γ<sub>s</sub>",
        "background": "γ",
        "max_weight": "w",
        "max_phase": "|δ|",
    },
    presets={
        "replay": {
            "target_gamma": 1.5,
            "background": 0.4,
            "max_weight": 0.2,
            "max_phase": 1.57,
        },
        "spike slowly": {
            "target_gamma": 1.95,
            "background": 0.4,
            "max_weight": 0.25,
            "max_phase": 1.57,
        },
        "lose the memory": {
            "target_gamma": 1.5,
            "background": 0.4,
            "max_weight": 0.2,
            "max_phase": 0.2,
        },
    },
    notice="the dashed mode has an input, the blue ones have none, and still spike with it. With "
    "too little weight or phase allowed there is no such coupling.",
)


def as_text(omega: Any) -> str:
    """Frequencies as they are typed.

    Examples
    --------
    >>> as_text([0.1, 1.0])
    '0.1, 1'
    """
    return ", ".join(f"{value:.4g}" for value in omega)


def memory_page() -> Any:
    """Frequencies and a target, beside the motion of modes that replay it."""
    ends = pn.widgets.RangeSlider(
        label="equally spaced from … to", start=0.1, end=3.0, step=0.1, value=FROM_TO, width=290
    )
    draw = pn.widgets.Button(label="draw ten at random between them", width=290)
    typed = pn.widgets.TextAreaInput(
        label="frequencies of the modes (type your own)",
        value=as_text(np.linspace(FROM_TO[0], FROM_TO[1], NUM_MODES)),
        width=290,
        height=70,
    )
    sliders = {
        "target_gamma": slider("γ of the mode to remember (ω = 1)", 0.1, 1.99, 1.5),
        "background": slider("excitation without the memory", -0.5, 1.5, 0.4),
        "max_weight": slider("largest weight w", 0.02, 1.0, 0.2),
        "max_phase": slider("largest phase |δ|", 0.0, 1.57, 1.57),
    }
    seed = pn.widgets.IntInput(label="seed of couplings and start", value=0, start=0, width=290)

    def space(_event: Any) -> None:
        low, high = ends.value
        typed.value = as_text(np.linspace(low, high, NUM_MODES))

    def scatter(event: Any) -> None:
        low, high = ends.value
        draws = np.random.default_rng((seed.value or 0, event.new))  # new ones at every click
        typed.value = as_text(np.sort(draws.uniform(low, high, NUM_MODES)))

    ends.param.watch(space, "value")
    draw.on_click(scatter)

    widgets = {"omega": typed, **sliders, "seed": seed}
    return lesson_page(
        "memory",
        LESSON,
        widgets,
        _look,
        MemoryFigures(),
        describe=describe_memory,
        controls=[ends, draw, *widgets.values()],
    )


def _look(omega: str, seed: int | None, **values: Any) -> MemoryView:
    return look_at_memory(read_frequencies(omega), **values, seed=seed or 0)


def describe_memory(view: MemoryView) -> str:
    """HTML of what the modes replay."""
    count = f"{int(view.replaying.sum())} of {len(view.replaying)}"
    unknown = int(np.isnan(view.network.frequencies).sum())
    if unknown:
        count += f"; too few spikes to say for {unknown}"
    return table(
        [
            ("ω<sub>s</sub> to remember", number_text(view.target_frequency)),
            ("modes that replay it", count),
            ("regime", view.network.regime),
            *agreement(view.network),
        ]
    )


class MemoryFigures:
    """Figures of a memory: its waves beside the target, order, frequencies and couplings.

    Attributes
    ----------
    figures : list
        Of Bokeh, to be put on a page.
    """

    def __init__(self) -> None:
        self._modes = ColumnDataSource({"time": [], "wave": []}, name="modes")
        self._target = ColumnDataSource({"time": [], "wave": []}, name="target")
        self._couplings = ColumnDataSource({"weight": [], "delta": [], "n": []}, name="couplings")
        self._wanted = Span(dimension="width", line_color="black", line_dash="dashed")
        self._network = NetworkFigures()
        self._weights = LinearColorMapper(palette="Viridis256", low=0, high=1)
        waves = make_plot("waves Re a", "time", "Re a", x_range=self._network.waves.x_range)
        waves.multi_line(
            "time",
            "wave",
            source=self._modes,
            color=COLOURS[0],
            alpha=0.35,
            legend_label="modes",
        )
        waves.line(
            "time",
            "wave",
            source=self._target,
            color="black",
            line_dash="dashed",
            legend_label="the mode to remember",
        )
        legend(waves)
        self._network.frequencies.add_layout(self._wanted)
        turns = LinearColorMapper(palette="RdBu11", low=-np.pi / 2, high=np.pi / 2)
        weight = self._matrix("weights", "weight", self._weights, "w")
        delta = self._matrix("phases", "delta", turns, "δ")
        couplings = beside(weight, delta, wide=False)
        self.figures = [waves, self._network.order, self._network.frequencies, couplings]

    def _matrix(self, title: str, column: str, colours: Any, value: str) -> Any:
        return make_image(
            title,
            self._couplings,
            colours,
            column=column,
            x="from mode",
            y="to mode",
            start=0.5,
            width="n",
            height="n",
            value=value,
        )

    def clear(self) -> None:
        """Show nothing: there is no such memory."""
        empty(self._modes, self._target, self._couplings)
        self._network.clear()
        self._wanted.location = None

    def show(self, view: MemoryView) -> None:
        """Draw a memory."""
        self._network.show(view.network)
        time, motion = view.network.time, view.network.motion
        self._modes.data = {"time": [time] * motion.shape[1], "wave": list(motion.T)}
        self._target.data = {"time": time, "wave": view.target}
        self._wanted.location = view.target_frequency
        self._weights.high = float(view.weight.max())
        self._couplings.data = {
            "weight": [view.weight],
            "delta": [view.delta],
            "n": [len(view.weight)],
        }
