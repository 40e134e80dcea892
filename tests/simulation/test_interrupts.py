"""Long ways between two samples: in pieces, which Ctrl-C ends and `max_steps` bounds."""

import subprocess
import sys

import conftest
import numpy as np
import pytest

import wetcow as wc
from wetcow.simulation import chunks, plan
from wetcow.simulation.files.store import ZarrStore
from wetcow.synchrony.running import MeanAmplitude

# Each run is sent SIGINT when its first pieces are done, and so everything is compiled.
INTERRUPTED = """
import os, signal, threading, time
import wetcow as wc
from wetcow.simulation import chunks, run

mode = wc.Mode(gamma=0.5)
calls = {
    "adaptive": lambda: wc.simulate(mode, 1e7, num_samples=3),
    "fixed": lambda: wc.simulate(mode, 1e7, num_samples=3, dt=0.2),
    "sweep": lambda: wc.sweep(mode, 1e7, num_samples=3, gamma=[0.5, 0.6]),
}
sent = waited = 0

def send():
    global sent
    sent = time.process_time()  # of the processor, however busy it is
    os.kill(os.getpid(), signal.SIGINT)

def wait(tree, own=chunks.wait):
    global waited
    waited += 1
    own(tree)
    if waited == 3:
        threading.Timer(0.05, send).start()

chunks.wait = wait
for name, call in calls.items():
    waited = 0
    try:
        call()
    except KeyboardInterrupt:
        print(name, time.process_time() - sent, flush=True)
"""


@pytest.mark.slow  # most of it compiles in a process of its own
def test_ctrl_c_ends_runs_between_two_samples():
    script = [sys.executable, "-W", "ignore", "-c", INTERRUPTED]
    found = subprocess.run(script, capture_output=True, text=True, timeout=600, check=False)
    assert found.returncode == 0, found.stderr
    answers = dict(line.split() for line in found.stdout.splitlines())
    assert answers.keys() == {"adaptive", "fixed", "sweep"}
    for name, seconds in answers.items():
        assert float(seconds) < 2, name  # whole, each would take many more


MODE = wc.Mode(gamma=1.9)
TIMES = {"t1": 100.0, "num_samples": 3}
DELAYED = wc.Network(1.5, [0.9, 1.0, 1.1], wc.Delayed(0.2 * (1 - np.eye(3)), 1.5 * (1 - np.eye(3))))
FIXED = {
    "smooth": lambda: wc.simulate(MODE, **TIMES, dt=0.05),
    "noise": lambda: wc.simulate(MODE, **TIMES, noise=0.1, seed=1),
    "delays": lambda: wc.simulate(DELAYED, **TIMES),
    "resets": lambda: wc.simulate(
        wc.LeakyIntegrateAndFire([1.5, 1.6], wc.Dense(0.1 * (1 - np.eye(2)))), **TIMES, dt=0.1
    ),
    "sweep": lambda: wc.sweep(MODE, **TIMES, dt=0.05, gamma=[0.5, 1.5]),
    "delayed sweep": lambda: wc.sweep(DELAYED, **TIMES, gamma=[0.5, 1.5]),
    "noisy sweep": lambda: wc.sweep(MODE, **TIMES, noise=[0.0, 0.1], seed=1),
}
ADAPTIVE = {
    "double": lambda: wc.simulate(MODE, **TIMES),
    "eighth order": lambda: wc.simulate(MODE, **TIMES, rtol=1e-12),
    "sweep": lambda: wc.sweep(MODE, **TIMES, gamma=[-0.5, 1.5]),
}


@pytest.fixture
def pieces_of(monkeypatch):
    """Chunks of one sample, in pieces of a number of mode-steps."""

    def set_steps(steps):
        monkeypatch.setattr(chunks, "STEPS_PER_CHUNK", 1.0)
        monkeypatch.setattr(chunks, "STEPS_PER_CALL", steps)

    return set_steps


class TestPieces:
    @pytest.mark.slow
    @pytest.mark.optimized
    @pytest.mark.parametrize("kind", FIXED)
    def test_fixed_steps_are_the_same_ones(self, pieces_of, kind):
        pieces_of(1e9)
        whole = FIXED[kind]()
        pieces_of(700)
        np.testing.assert_array_equal(FIXED[kind]().a, whole.a)

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ADAPTIVE)
    def test_adaptive_steps_agree_within_tolerance(self, pieces_of, kind):
        pieces_of(1e9)
        whole = ADAPTIVE[kind]()
        pieces_of(30)
        np.testing.assert_allclose(ADAPTIVE[kind]().a, whole.a, rtol=0, atol=1e-6)

    @pytest.mark.slow
    def test_reducers_see_only_samples(self, pieces_of):
        reduce = {"mean": MeanAmplitude()}
        pieces_of(700)
        run = wc.simulate(MODE, 40.0, num_samples=5, dt=0.05, reduce=reduce)
        runs = wc.sweep(MODE, 40.0, num_samples=5, dt=0.05, reduce=reduce, gamma=[1.9])
        expected = np.abs(run.a.values).mean(axis=0)
        np.testing.assert_allclose(run["mean"], expected, rtol=1e-12)
        np.testing.assert_allclose(runs["mean"][0], expected, rtol=1e-9)

    @pytest.mark.slow
    @pytest.mark.parametrize("sweep", [False, True])
    def test_resumed_to_the_same_result(self, pieces_of, tmp_path, monkeypatch, sweep):
        """Interrupted between two samples, so that it goes on from the sample before."""

        def run(path=None):
            settings = {"t1": 60.0, "num_samples": 4, "path": path}
            if sweep:
                return wc.sweep(MODE, **settings, gamma=[-0.5, 1.5])
            return wc.simulate(MODE, **settings)

        pieces_of(30)
        whole = run()
        with conftest.interrupted(monkeypatch, ZarrStore, "checkpoint", 2):
            run(tmp_path / "run.zarr")
        np.testing.assert_array_equal(run(tmp_path / "run.zarr").a, whole.a)

    def test_singular_solutions_end(self, pieces_of):
        """At phase 0, a′ = (γ + w_a |a| − α |a|) a: infinite after a while where w_a > α."""
        pieces_of(30)
        singular = wc.Mode(gamma=0.2, w_a=10.0, w_phi=0.0, psi=0.0, alpha=1.0, omega=1e-3)
        with pytest.raises(wc.SimulationError, match="singular between t=0 and t=50"):
            wc.simulate(singular, **TIMES)


@pytest.mark.parametrize("in_pieces", [False, True])
class TestMaxSteps:
    """Runs that take more steps than was estimated."""

    @pytest.fixture
    def estimated(self, monkeypatch, in_pieces):
        monkeypatch.setattr(plan, "steps_between", lambda *_: 1.0)
        if in_pieces:
            monkeypatch.setattr(chunks, "STEPS_PER_CHUNK", 0.5)
            monkeypatch.setattr(chunks, "STEPS_PER_CALL", 0.5)

    message = r"max_steps=20 .*between t=\d.* and t=\d.*Pass a larger max_steps"

    @pytest.mark.slow
    def test_simulate(self, estimated):
        with pytest.raises(wc.SimulationError, match=self.message):
            wc.simulate(MODE, **TIMES, max_steps=20)

    @pytest.mark.slow
    def test_sweep(self, estimated):
        with pytest.raises(wc.SimulationError, match=self.message):
            wc.sweep(MODE, **TIMES, max_steps=20, gamma=[-5.0, 1.9])

    @pytest.mark.slow
    def test_a_run_in_a_file_goes_on_with_more(self, estimated, tmp_path):
        settings = {"t1": 20.0, "num_samples": 21, "path": tmp_path / "run.zarr"}
        with pytest.raises(wc.SimulationError, match="max_steps=21"):
            wc.simulate(MODE, **settings, max_steps=21)
        run = wc.simulate(MODE, **settings, max_steps=100_000)
        expected = wc.simulate(MODE, 20.0, num_samples=21)
        np.testing.assert_allclose(run.a, expected.a, rtol=0, atol=1e-7)
