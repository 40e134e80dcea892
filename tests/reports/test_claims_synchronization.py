"""Verdicts about synchronization follow from scores of runs."""

import numpy as np
import pytest
import xarray as xr

from wetcow.reports import experiments
from wetcow.reports.cache import storable
from wetcow.reports.claims import synchronization
from wetcow.reports.evidence import Effort

MODELS = ("phase and amplitude", "phase only", "amplitude only", "Kuramoto, same w and δ")


@pytest.fixture
def found(monkeypatch):
    """Evidence from made-up linear periods of each model, (draws,)."""

    def run(*periods):
        def scores(which, draws, starts, seed, size, t1):
            values = np.array(periods)[:, :, None] * np.ones((1, 1, starts))
            dims = ("model", "draw", "start")
            each = {name: (dims, np.ones(values.shape)) for name in ("order", "frequency")}
            each["silent"] = (dims, np.zeros(values.shape))
            off = np.where(np.arange(4) == 0, 0.0, 1.0)[:, None, None]
            deviation = (dims, np.broadcast_to(off, values.shape))
            return xr.Dataset(
                {**each, "periods": (dims, values), "deviation": deviation}, {"model": [*MODELS]}
            )

        monkeypatch.setattr(experiments, "synchronization", scores)
        return storable(
            synchronization.run(Effort(quick=True, seed=0, data_dir=None, say=lambda line: None))
        )

    return run


def test_verdicts_by_pairs_of_runs(found):
    never = [np.inf] * 4
    evidence = found([0.5, 0.6, 0.9, 1.1], never, [2, 0.4, 0.3, 0.2], [0.6, 0.7, 1.0, 1.0])
    kuramoto, phase, amplitude, period = evidence.claims
    assert kuramoto.verdict == "holds partly" and "75.0%" in kuramoto.measured
    assert phase.verdict == "holds" and "never" in phase.measured
    assert amplitude.verdict == "does not hold" and "25.0%" in amplitude.measured
    assert period.verdict == "holds partly" and "75.0%" in period.measured


def test_never_synchronized_is_slower_than_no_one(found):
    never = [np.inf] * 4
    evidence = found(never, never, never, never)
    assert [claim.verdict for claim in evidence.claims] == ["does not hold"] * 4
    assert synchronization.draw(evidence)


def test_figure_has_every_model(found):
    evidence = found([0.5] * 4, [np.inf] * 4, [2.0] * 4, [0.9] * 4)
    (figure,) = synchronization.draw(evidence).values()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*MODELS]
    assert {row["replays"] for row in evidence.tables[0].rows} == {0.0, 1.0}
