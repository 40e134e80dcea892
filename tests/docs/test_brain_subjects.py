"""The benchmark of brains on other subjects: kept split by split, and drawn."""

import importlib
import json
import pathlib
import sys

import numpy as np
import pytest

import wetcow as wc

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"
REGIONS = ("Frontal_L", "Frontal_R", "Insula_L", "Insula_R", "Caudate_L", "Caudate_R")


@pytest.fixture
def script(monkeypatch, rng):
    """The script as a module, with seven small brains in place of the real ones."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    found = importlib.import_module("brain_subjects")
    size = len(REGIONS)
    weights = np.exp(rng.normal(0, 1, (7, size, size)))
    weights = (weights + weights.swapaxes(1, 2)) * (1 - np.eye(size))
    lengths = 30 * weights
    fc = np.stack([np.corrcoef(rng.normal(size=(size, 30))) for _ in range(7)])
    names = tuple(str(i) for i in range(7))
    brains = wc.Brains(names, weights / weights.max(), lengths, fc, (), None, REGIONS)
    monkeypatch.setattr(wc, "load_brains", lambda name: brains)
    return found


def test_lobes(script):
    lobes = script.lobes_of(REGIONS)
    assert lobes.sum(axis=1).tolist() == [1] * 6
    assert lobes.argmax(axis=1).tolist() == [0, 0, 1, 1, 6, 6]


@pytest.mark.slow
def test_splits_are_kept_and_drawn(script, tmp_path, monkeypatch):
    names = ("two of all, weights as counted", "regions, with priors")
    splits = ((0, 1, 2, 3), (3, 4, 5, 6))
    rows = [script.measured((name, split, 3)) for name in names for split in splits]
    assert [one["num_parameters"] for one in rows] == [2, 2, 21, 21]
    assert all(set(one["nulls"]) == set(script.NULLS) for one in rows)
    two = script.rows_of(rows)[0]
    assert two["others"]["mean"] == pytest.approx(np.mean([one["others"] for one in rows[:2]]))
    assert two["lead"]["mean"] == pytest.approx(
        np.mean([one["others"] - max(one["nulls"].values()) for one in rows[:2]])
    )
    file = tmp_path / "rows.json"
    about = {"machine": {"cores": 2, "cpu": "one"}, "date": "2026-11-29"}
    file.write_text(json.dumps({"splits": rows, **about}))
    options = ["brain_subjects.py", "--json", str(file)]
    # What is there already is not measured again.
    monkeypatch.setattr(script, "measured", lambda task: pytest.fail(f"{task} was done"))
    again = [*options, "--splits", "1", "--steps", "3", "--only", names[0], "--jobs", "1"]
    monkeypatch.setattr(sys, "argv", again)
    script.main()
    assert json.loads(file.read_text())["splits"] == rows
    for folder in ("results", "images"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(script, "DOCS", tmp_path)
    monkeypatch.setattr(sys, "argv", [*options, "--draw"])
    script.main()
    table = json.loads((tmp_path / "results" / "10_brain_subjects.json").read_text())
    assert [len(row) for row in table["rows"]] == [len(table["columns"])] * 2
    assert (tmp_path / "images" / "brain_subjects.png").stat().st_size > 10_000
