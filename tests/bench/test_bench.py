"""`wetcow bench`: what it measures is there, and is what it says."""

import json
import os
import signal

import jax
import numpy as np
import pytest
from typer.testing import CliRunner

from wetcow.bench import clock, devices, growth, limits, methods, run, sweeps
from wetcow.bench.problem import cartesian, polar, problem
from wetcow.bench.tables import beside, powers, reaching
from wetcow.cli import app


def _killed(sizes, seed):
    yield {"what": "batch", "seconds": 1.0}
    os.kill(os.getpid(), signal.SIGKILL)


def _failing(sizes, seed):
    yield {"what": "batch", "seconds": 1.0}
    raise ValueError("no such size")


# Known answers


def test_polar_and_cartesian_equations_are_the_networks(rng):
    one = problem(7)
    a = one.a0 * rng.uniform(1, 5, 7)
    d_amplitude, d_phi = polar(np.abs(a), np.angle(a), one, one.weight, one.phase)
    turned = (d_amplitude + 1j * np.abs(a) * d_phi) * np.exp(1j * np.angle(a))
    np.testing.assert_allclose(cartesian(a, one), turned, atol=1e-14)
    with jax.enable_x64(True):
        np.testing.assert_allclose(one.network().field(a), turned, atol=1e-14)
    np.testing.assert_allclose(one.weight * np.exp(-1j * one.phase), one.r, atol=1e-15)


def test_share_of_the_best_that_the_machine_did():
    found = [{"bytes_per_second": 1e9, "flops": 1e10}, {"bytes_per_second": 2e9, "flops": 5e9}]
    rows = [
        {"what": "dense", "seconds": 2.0, "bytes": 2e9},
        {"what": "batch", "seconds": 4.0, "flops": 1e10},
        {"what": "sheet", "seconds": 5.0, "transforms_seconds": 1.0},
    ]
    machine, *shares = limits.of_limits(rows, found)
    assert machine == {"what": "machine", "bytes_per_second": 2e9, "flops": 1e10}
    assert [row["of_limit"] for row in shares] == pytest.approx([0.5, 0.25, 0.2])


def test_exponents_are_those_of_power_laws():
    rows = [
        {"what": "dense", "n": n, "seconds": 3e-9 * n**2, "megabytes": n, "compile_seconds": 1.0}
        for n in (1, 10, 100, 1000)
    ]
    found = {row["what"]: row["power"] for row in powers(rows)}
    expected = {"dense: seconds": 2, "dense: megabytes": 1, "dense: compile_seconds": 0}
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("kind", growth.COUPLING_KINDS)
def test_networks_that_grow_are_as_said(kind):
    coupling = growth.COUPLING_KINDS[kind](225, np.random.default_rng(0))
    r = np.asarray(coupling.matrix())
    assert coupling.size == 225
    np.testing.assert_allclose(np.diag(r), 0, atol=1e-7)
    links = {"dense": 224, "sparse": 100, "sheet": 224}[kind]
    most = np.count_nonzero(np.abs(r) > 1e-6, axis=1).max()
    assert links / 2 < most <= links
    assert 0.5 < float(coupling.bound()) < 2


# Properties


@pytest.mark.slow
def test_methods_agree(monkeypatch):
    monkeypatch.setattr(methods, "best_seconds", lambda run: 1.0)  # how fast is not asked
    rows = methods.compare(3, 5.0, 0)
    for row in rows:
        small = 2e-2 if row["precision"] == "single" or row["accuracy"] > 1e-6 else 1e-5
        assert row["error"] < small, row
    for regime in methods.REGIMES:
        for method in methods.INTEGRATION_METHODS:
            own = [
                row["error"]
                for row in rows
                if (row["regime"], row["method"], row["precision"]) == (regime, method, "double")
            ]
            assert own[-1] < own[0] / 10


# Files


def _alone_here(part, monkeypatch):
    """Let what one process does alone run in this; what several share has its own as ever."""
    apart = part.rows_of

    def rows_of(module, calls):
        count = calls[0][2] if part is devices else calls[0][0]
        if count > 1:
            return apart(module, calls)
        with monkeypatch.context() as patch:
            patch.setattr(part, "bind", lambda first, count: None)
            return json.loads(json.dumps(part._worker(*calls[0])))

    monkeypatch.setattr(part, "rows_of", rows_of)


@pytest.mark.slow
def test_command(tmp_path, monkeypatch):
    """Parts run here; those that need processes start some. Below one part has its own."""
    _alone_here(devices, monkeypatch)
    _alone_here(sweeps, monkeypatch)
    monkeypatch.setattr(run, "_apart", lambda part, sizes, seed: run.PARTS[part](sizes, seed))
    monkeypatch.setattr(clock, "_LEAST", 0.0)  # how fast is not asked
    picture, file = tmp_path / "speed.png", tmp_path / "speed.json"
    command = [
        "bench",
        "limits",
        "growth",
        "devices",
        "sweeps",
        "--quick",
        "--plot",
        str(picture),
        "--json",
        str(file),
    ]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    found = json.loads(file.read_text())
    assert found["complete"] and found["quick"] and found["seed"] == 0
    assert found["machine"]["cores"] >= 1
    assert [*found["parts"]] == ["limits", "growth", "devices", "sweeps"]
    assert all(row["seconds"] > 0 for row in found["parts"]["growth"])
    sweep = found["parts"]["growth"][-1]
    assert sweep["what"] == "sweep" and sweep["error"] < 1e-6
    assert [row["processes"] for row in found["parts"]["devices"]] == [1, 2]
    shared = found["parts"]["sweeps"]
    assert [(row["devices"], row["batch"]) for row in shared] == [(1, 4), (2, 4)]
    assert shared[0]["efficiency"] == 1 and shared[1]["efficiency"] > 0
    assert picture.stat().st_size > 10_000 and "Growth" in done.output


@pytest.mark.slow
@pytest.mark.parametrize(("part", "said"), [(_killed, "memory"), (_failing, "no such size")])
def test_a_part_that_breaks_off_loses_no_row(part, said, monkeypatch, tmp_path):
    monkeypatch.setitem(run.PARTS, "growth", part)
    file = tmp_path / "speed.json"
    done = CliRunner().invoke(app, ["bench", "growth", "--json", str(file)])
    assert done.exit_code == 2 and said in done.output
    found = json.loads(file.read_text())
    assert not found["complete"] and len(found["parts"]["growth"]) == 1


# Errors


def test_methods_are_compared_at_one_error():
    rows = [
        {"method": "m", "precision": "double", "regime": "spiking", "error": e, "seconds": s}
        for e, s in ((1e-3, 1.0), (1e-5, 4.0), (1e-8, 5.0))
    ]
    rows.append({**rows[0], "method": "never"})
    first, never = reaching(rows)
    assert first["spiking"] == pytest.approx(2.0) and "spiking" not in never


def test_peers_are_compared_at_one_error():
    rows = [
        {"method": method, "n": 4, "error": error, "seconds": seconds}
        | {"span": 20.0, "prepare_seconds": 0.5}
        for method, error, seconds in (
            ("wetcow", 1e-3, 0.25),
            ("wetcow", 1e-5, 1.0),  # ten times fewer errors cost twice the time
            ("wetcow", 1e-7, 4.0),
            ("better than asked", 1e-5, 4.0),
            ("slower where worse", 1e-2, 3.0),
            ("slower where worse", 1e-5, 2.0),
            ("never", 1e-3, 0.1),
            ("failing", np.nan, 0.01),
        )
    ]
    found = {row["method"]: row["ratio"] for row in beside([*rows, {"method": "none", "n": 4}])}
    wanted = {"wetcow": 1.0, "better than asked": 8.0, "slower where worse": 4.0}
    assert found == pytest.approx(wanted)
    (ours,) = (row for row in beside(rows) if row["method"] == "wetcow")
    assert ours["seconds"] == pytest.approx(0.5)


def test_command_refuses_before_it_measures(tmp_path):
    done = CliRunner().invoke(app, ["bench", "limits", "--plot", "speed.txt"])
    assert done.exit_code == 2 and ".png" in done.output
