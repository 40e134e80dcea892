"""The benchmark of brains beside other packages: what it counts, keeps and tabulates."""

import importlib
import json
import pathlib
import sys

import pytest

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    """The script as a module, without the data and without methods that take long."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    found = importlib.import_module("brain_peers")
    key = {"part": "fit", "method": "wetcow, two", "weights": "as counted", "subjects": [0]}
    monkeypatch.setattr(found, "fit_tasks", lambda *_: [(key, {})])
    speed = [({"part": "bold", "method": name, "size": 94}, {}) for name in found.RUNS]
    monkeypatch.setattr(found, "run_tasks", lambda *_: speed)
    return found


def _row(key, seconds):
    fit = {"what": "a", "numbers": 2, "fitted": 0.6, "others": 0.5, "compiled_seconds": seconds}
    return key | {
        "lines": 9,
        "budget": "120 steps",
        "load": 1.0,
        "found": [{**fit, "seconds": seconds, "peak_mb": 700.0}],
    }


def test_rows_are_kept_and_tabulated(script, tmp_path, monkeypatch):
    file, seconds = tmp_path / "rows.json", {"wall": 30.0, "cpu": 20.0}
    monkeypatch.setattr(script, "measured", lambda key, data, effort: _row(key, seconds))
    monkeypatch.setattr(importlib.import_module("brain_subjects"), "DOCS", tmp_path)
    (tmp_path / "results").mkdir()
    options = ["brain_peers.py", "--json", str(file)]
    monkeypatch.setattr(sys, "argv", options)
    script.main()
    rows = json.loads(file.read_text())["rows"]
    assert [row["part"] for row in rows] == ["fit"] + ["bold"] * len(script.RUNS)
    monkeypatch.setattr(script, "measured", lambda *_: pytest.fail("was done"))
    script.main()
    monkeypatch.setattr(sys, "argv", [*options, "--draw"])
    script.main()
    table = json.loads((tmp_path / "results" / "10_brain_peers.json").read_text())
    assert [len(row) for row in table["rows"]] == [len(table["columns"])]
    assert "20 (20.0)" in table["rows"][0] and "30 (94 regions)" in table["after"]
