"""What the benchmarks of tables, series and streams have in common: results kept, who is best."""

import importlib
import json
import pathlib

import numpy as np
import pytest

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    """A script, as a module, by its name."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def results_of(**scores):
    """One problem for each name, with the scores of methods."""
    return {
        data: {
            method: {
                str(seed): {"score": score, "losses": [1 - score] * 4}
                for seed, score in enumerate(values)
            }
            for method, values in methods.items()
        }
        for data, methods in scores.items()
    }


def test_level_is_within_one_standard_error_of_paired_differences(module):
    beside = module("beside")
    own = np.array([0.90, 0.80, 0.85])
    assert beside.is_level(own, own + 0.01 * np.array([1, -1, 1]))  # 0.0033 ± 0.0067
    assert not beside.is_level(own, own + 0.01)  # however seeds differ among each other
    assert beside.is_level(own, np.array([0.85]))  # of what draws nothing


def test_standing_counts_ranks_and_names_what_is_worse_than_ridge(module):
    beside = module("beside")
    results = results_of(
        first={"waves": [0.9, 0.92], "ridge": [0.8, 0.8], "trees": [0.7, 0.7]},
        second={"waves": [0.5, 0.5], "ridge": [0.6, 0.6]},
    )
    results["second"]["trees"] = {"0": None}  # which cannot take it
    results["third"] = results_of(third={"waves": [0.5]})["third"]  # where the run was stopped
    text = beside.standing(results, "ridge")
    said = "in 1 of 2 problems (all but second), and worse than ridge in second"
    assert text.count(said) == 2
    assert "waves 1.50, ridge 1.50, trees 3.00" in text


def test_what_one_row_decides_is_level_by_rows_and_not_by_seeds(module):
    """A row of forty is answered wrongly, with each of three seeds."""
    beside = module("beside")
    results = results_of(one={"waves": [0.975] * 3, "ridge": [1.0] * 3})
    for seed in "012":
        results["one"]["waves"][seed]["losses"] = [1] + 39 * [0]
        results["one"]["ridge"][seed]["losses"] = 40 * [0]
    rows, seeds = beside.standing(results, "ridge").split("By the error of seeds")
    assert "in 1 of 1" in rows and "ridge in none" in rows
    assert "in 0 of 1" in seeds and "ridge in one" in seeds


def test_losses_are_errors_of_classes_and_squares_of_values(module):
    beside = module("beside")
    wanted = np.array([[0.0, 10.0], [2.0, 30.0]])
    found = np.array([[1.0, 10.0], [2.0, 10.0]])
    assert beside.losses_of(found, wanted, classes=False) == [0.5, 2.0]
    assert beside.losses_of(np.array([True, False]), np.array([1, 1]), classes=True) == [0, 1]


def test_methods_are_compared_by_the_seeds_of_waves(module):
    """The run of waves was stopped after two; what draws nothing has one."""
    beside = module("beside")
    results = results_of(one={"waves": [0.5, 0.6], "ridge": [0.1, 0.2, 0.9], "near": [0.4]})
    found = beside.measured_of(results, "one", "score")
    assert found["ridge"].tolist() == [0.1, 0.2] and found["near"].tolist() == [0.4]


def test_a_run_goes_on_from_what_is_kept(module, tmp_path):
    beside = module("beside")
    path, calls = tmp_path / "kept.json", []

    def measure():
        calls.append(1)
        return {"score": 0.5}

    for _ in range(2):
        kept = beside.Kept(path)
        for seed in (0, 1):
            kept.measured("data", "waves", seed, measure)
    assert len(calls) == 2 and kept.results == json.loads(path.read_text())


@pytest.mark.parametrize("name", ["iris", "friedman2", "phishing", "chick_weights"])
def test_problems_are_numbers_with_one_target(module, name):
    if name in ("phishing", "chick_weights"):
        pytest.importorskip("river")
    problem = module("table_problems").load(name)
    assert problem.X.dtype == float and np.all(np.isfinite(problem.X))
    assert len(problem.y) == len(problem.X) and problem.classes == (name in ("iris", "phishing"))


@pytest.mark.slow
def test_a_change_is_noticed_and_the_past_forgotten(module):
    drift = module("drift")
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 10, (1500, 3))
    limit = np.where(np.arange(1500) < 750, 7, 12)
    y = X[:, 0] + X[:, 1] > limit
    scores = {way: drift.measure(way, X, y, seed=0)["scores"] for way in (drift.ALL, drift.SINCE)}
    assert min(scores[drift.SINCE][:2]) > 0.9  # nothing has changed yet
    assert scores[drift.SINCE][2] < 0.85  # the first rows after the change
    assert scores[drift.SINCE][-1] > max(0.9, scores[drift.ALL][-1] + 0.03)
