"""The comparison in benchmarks/, run as a script on few digits."""

import importlib
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from wetcow import datasets

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"
MEASURED = {
    "n_train",
    "n_judged",
    "accuracy",
    "fit_seconds",
    "predict_seconds",
    "single_seconds",
    "peak_memory_mb",
    "baseline_memory_mb",
}


@pytest.fixture
def learning(monkeypatch):
    """The script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("learning")


@pytest.fixture
def broken_peer(tmp_path):
    """Environment in which lightgbm cannot be imported, whether it is installed or not."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "lightgbm.py").write_text("raise ImportError('none here')")
    return {**os.environ, "PYTHONPATH": str(folder)}


# Known answers


@pytest.mark.slow
def test_a_method_that_fails_says_why(learning):
    found = learning.measure_apart({}, 60)
    assert found == {"status": "failed", "detail": "KeyError: 'data'"}


def test_splits_do_not_overlap(learning):
    from measure import load_split

    train, test = (datasets.load("digits", part, flat=True) for part in ("train", "test"))
    X, y, X_judged, y_judged = load_split("digits", "validation")
    np.testing.assert_array_equal(np.concatenate([X, X_judged]), train[0])
    np.testing.assert_array_equal(np.concatenate([y, y_judged]), train[1])
    for found, expected in zip(load_split("digits", "test"), (*train, *test), strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match="asks for 1079"):
        load_split("digits", "validation", 1079)


@pytest.mark.slow
def test_responses_are_judged(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    responses = importlib.import_module("responses")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 500)
    images = rng.uniform(0, 0.3, (500, 20, 20)).astype(np.float32)
    for digit in range(10):  # a bar for each class
        images[labels == digit, 2 * digit : 2 * digit + 2, 4:16] += 1
    monkeypatch.setattr(responses, "BATCH", 200)
    monkeypatch.setattr(responses, "N_TUNING", 300)
    monkeypatch.setattr(responses, "N_VALIDATION", 100)
    setting = responses.Setting(0.1, 0.2, 0.3)
    pair = (images[:400], labels[:400]), (images[400:], labels[400:])
    for name in responses.VARIANTS:
        assert responses.judge(name, 4, setting, 0, *pair) > 0.9, name


# An independent integrator or library


@pytest.mark.slow
def test_exported_model_beside_itself(monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.syspath_prepend(BENCHMARKS)
    found = importlib.import_module("export").measure("digits", 200, 100, 0)
    assert (found["n_train"], found["n_compared"], found["other_labels"]) == (200, 100, 0)
    assert found["median_difference"] < 1e-6 and found["difference_99_percent"] < 1e-5
    assert set(found["onnx_ms"]) == {1, 8, 32} and min(found["onnx_ms"].values()) > 0


# Limits


def test_a_method_over_the_limit_is_ended(learning):
    found = learning.measure_apart({"method": "ridge"}, 0.01)
    assert found == {"status": "over limit", "detail": "more than 0.01 s"}


# Files


@pytest.mark.slow
def test_compares_and_lists_what_is_not_installed(tmp_path, broken_peer):
    file = tmp_path / "result.json"
    script = [sys.executable, str(BENCHMARKS / "learning.py"), "--n-train", "300", "--seed", "3"]
    arguments = ["--methods", "knn", "lightgbm", "ridge", "--json", str(file)]
    done = subprocess.run([*script, *arguments], env=broken_peer, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "lightgbm: not installed: none here" in done.stdout

    report = json.loads(file.read_text())
    assert report["complete"] and report["seed"] == 3 and report["split"] == "validation"
    assert report["machine"]["cpu"] and report["machine"]["cores"] == os.cpu_count()
    assert {"python", "wetcow", "numpy", "torch"} <= set(report["versions"])
    assert report["date"] and "--seed 3" in report["command"]
    assert list(report["methods"]) == ["knn", "lightgbm", "ridge"]

    rows = {row["method"]: row for row in report["rows"]}
    assert list(rows) == ["knn", "lightgbm", "ridge"]
    missing = rows.pop("lightgbm")
    assert missing["status"] == "not installed" and missing["detail"] == "none here"
    assert all(missing[name] is None for name in MEASURED)
    for row in rows.values():
        assert set(row) == {"data", "method", "status", "detail"} | MEASURED
        assert row["status"] == "ok" and row["data"] == "digits"
        assert row["n_train"] == 300 and row["n_judged"] == 269
        assert 0.8 < row["accuracy"] < 1
        assert row["predict_seconds"] > 0 and row["fit_seconds"] > 0 and row["single_seconds"] > 0
        assert row["peak_memory_mb"] >= row["baseline_memory_mb"] > 0
    # The last table is sorted.
    best, worst = sorted(rows, key=lambda name: -rows[name]["accuracy"])
    last = done.stdout.rpartition("the best first")[2]
    assert last.index(best) < last.index(worst) < last.index("lightgbm")


def test_interrupted_it_keeps_the_complete_rows(learning, monkeypatch, tmp_path, capsys):
    def measure(task, limit):
        if task["method"] == "knn":
            raise KeyboardInterrupt
        return {"status": "failed", "detail": "why", "n_train": 2, "n_judged": 1}

    monkeypatch.setattr(learning, "measure_apart", measure)
    file = tmp_path / "result.json"
    code = learning.main(["--methods", "ridge", "knn", "svm", "--json", str(file)])
    assert code == 130
    report = json.loads(file.read_text())
    assert [row["method"] for row in report["rows"]] == ["ridge"] and not report["complete"]
    assert "ridge: failed: why" in capsys.readouterr().out


@pytest.mark.slow
def test_tissue_is_timed(tmp_path):
    file = tmp_path / "tissue.json"
    small = ["--side", "6", "--waves", "2", "--field-side", "16", "--steps", "4"]
    script = [sys.executable, str(BENCHMARKS / "tissue.py"), *small, "--json", str(file)]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    maps, field = json.loads(file.read_text())["rows"]
    assert maps["result_mb"] * 1e6 == pytest.approx(6**3 * 2 * 28, rel=0.2)
    assert field["size"] == "16², 4 steps" and field["seconds"] < field["first_seconds"]


@pytest.mark.slow
def test_training_is_kept_and_drawn(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    script = importlib.import_module("training")
    for module in (script, importlib.import_module("wetcow.learning.finetune.refine")):
        monkeypatch.setattr(module, "fit_to_time", lambda *_: 16)
    file, picture = tmp_path / "rows.json", tmp_path / "rows.png"

    def run(*options):
        arguments = ["training.py", "--data", "digits", "--json", str(file), *options]
        monkeypatch.setattr(sys, "argv", arguments)
        script.main()
        return json.loads(file.read_text())

    (honest,) = rows = run("--minutes", "1", "--set", "n_modes=6")
    assert honest["how"] == "judged once" and honest["parameters"] == {"n_modes": 6}
    assert run("--minutes", "1", "--set", "n_modes=6") == rows  # nothing is done twice
    _, selected = run("--minutes", "1", "--set", "n_modes=6", "--select-on-test")
    assert selected["how"] == "selected on test images"
    looked = [look["accuracy"] for look in selected["training"]]
    assert selected["test_accuracy"] >= max(looked)
    assert not file.with_name("rows.json.state").exists()
    run("--draw", str(picture))
    assert picture.stat().st_size > 5_000


@pytest.mark.slow
def test_budgets_are_kept_and_become_a_table(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    script = importlib.import_module("budgets")
    monkeypatch.setattr(script, "TABLE", tmp_path / "table.json")
    file = tmp_path / "budgets.json"

    def run(*options):
        monkeypatch.setattr(sys, "argv", ["budgets.py", "--json", str(file), *options])
        script.main()
        return json.loads(file.read_text())

    found = run("--data", "digits", "--seeds", "0", "1")
    assert [one["seed"] for one in found["runs"]] == [0, 1]
    accuracy = [one["test_accuracy"] for one in found["runs"]]
    assert min(accuracy) > 0.98
    assert run("--data", "digits", "--seeds", "1") == found  # nothing is done twice
    found["runs"][0]["test_accuracy"], found["runs"][1]["test_accuracy"] = 0.99387, 0.99389
    file.write_text(json.dumps(found))
    run("--draw")
    (row,) = json.loads(script.TABLE.read_text())["rows"]
    assert row[:4] == ["digits, 8×8 pixels", "seconds", "0.9939, 0.9939", "0.9938"]


# Errors


def test_data_that_cannot_be_loaded_are_an_error(learning, monkeypatch, tmp_path, capsys):
    found = {"status": "failed", "detail": "OSError: no mirror"}
    monkeypatch.setattr(learning, "measure_apart", lambda task, limit: found)
    file = tmp_path / "result.json"
    assert learning.main(["--data", "mnist", "--json", str(file)]) == 2
    assert "mnist could not be loaded: OSError: no mirror" in capsys.readouterr().out
    assert not file.exists()


@pytest.mark.slow
def test_learning_curves_become_a_table(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    script = importlib.import_module("learning_curve")
    X, y = datasets.load("digits")
    large = np.pad(X[:1_200].repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))
    monkeypatch.setattr(
        script.datasets, "load", lambda *_, **__: (large.reshape(1_200, -1), y[:1_200])
    )
    monkeypatch.setattr(script, "N_VALIDATION", 300)
    monkeypatch.setattr(script, "N_SAMPLE", 500)
    monkeypatch.setattr(script, "COMPONENTS", 50)
    monkeypatch.setattr(script, "POINTS", ((100, 50), (900, 50), (100, 20)))
    rows = script.measure("mnist", 0, None)
    few, many, narrow = [row["accuracy"] for row in rows]
    assert 0.5 < few < many < 1 and narrow > 0.5
    table = script.table(rows, 0)
    assert len(table["rows"]) == 3 and "on MNIST" in table["after"]


def test_trends_are_powers(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    script = importlib.import_module("learning_curve")
    rows = [
        {"data": "mnist", "examples": count, "components": 600, "accuracy": 1 - count**-0.5}
        for count in (100, 400, 1600)
    ]
    assert "-0.50 on MNIST, where a fifth less takes 1.6 times" in script.trend(rows)
