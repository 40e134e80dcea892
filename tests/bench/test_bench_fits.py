"""Brains fitted beside other packages: what is counted, and the rows of `wetcow bench`."""

import numpy as np
import pytest

from wetcow.bench import brain_fits, brain_methods
from wetcow.bench.tables import tables


def test_logarithms_keep_the_sum():
    weights = np.array([[0.0, 2.0], [0.02, 0.0]])
    found = brain_fits.logarithms(weights)
    assert found.sum() == pytest.approx(1.01) and found[0, 0] == 0
    assert found[1, 0] / found[0, 1] == pytest.approx(np.log1p(100) / np.log1p(1e4))


def test_agreement_is_that_of_pairs(rng):
    one = rng.normal(size=(4, 4))
    assert brain_methods.agreement(one + 10 * np.eye(4), one) == pytest.approx(1.0)
    assert brain_methods.agreement(-one, one) == pytest.approx(-1.0)


def test_lines_are_those_of_code():
    def two():
        """Not counted.

        Nor this.
        """

        return 1

    assert brain_fits.lines_of(brain_methods.BrainMethod((two,), "none")) == 2
    assert brain_fits.lines_of(brain_methods.BrainMethod((two, two), "none")) == 4


def test_what_is_not_installed_is_said(monkeypatch):
    def missing(*_):
        raise ImportError("pip install neurolib")

    monkeypatch.setattr(brain_fits, "fit_tasks", missing)
    monkeypatch.setattr(brain_fits, "run_tasks", missing)
    rows = [*brain_fits.brain_fits(1.0), *brain_fits.brain_bold([84], 1.0)]
    assert [(row["what"], row["missing"]) for row in rows] == [
        ("fit", "pip install neurolib"),
        ("bold", "pip install neurolib"),
    ]
    found = tables({"fits": rows[:1], "bold": rows[1:]})
    assert [table.row_count for table in found] == [1, 1]


@pytest.mark.slow
def test_a_row_for_each_fit_and_run(rng, monkeypatch):
    """Of a small brain made up here; the packages of others are not installed, or not run."""
    size = 8
    weights = rng.random((size, size))
    weights = (weights + weights.T) * (1 - np.eye(size))
    fc = np.corrcoef(rng.normal(size=(size, 40)))
    data = {"weights": weights, "lengths": 50 * weights, "fc": fc, "others": weights}
    fit = {"part": "fit", "method": "wetcow, two", "weights": "as counted", "subjects": [0]}
    bold = {"part": "bold", "method": "wetcow, exact delays, 1.6 ms", "size": size}
    monkeypatch.setattr(brain_fits, "fit_tasks", lambda *_: [(fit, data)])
    monkeypatch.setattr(brain_fits, "run_tasks", lambda *_: [(bold, data)])
    (fitted,) = brain_fits.brain_fits(0.05)
    assert -1 <= fitted["others"] <= 1 and fitted["numbers"] == 2
    assert fitted["lines"] == brain_fits.lines_of(brain_methods.FITS["wetcow, two"]) > 5
    (run,) = brain_fits.brain_bold([size], 0.05)
    assert run["regions"] == size and run["seconds"] > 0
