"""JAX and the process: forks are refused where JAX would hang, memory maps stay bounded."""

import subprocess
import sys
import textwrap

import pytest

from wetcow import process

FORK = """
import os, signal, sys
import numpy as np
import wetcow as wc
from wetcow.tissue.conductivity import Conductivity

tissue = Conductivity(np.full(8, 0.3), spacing=1e-3)
mode, a0 = wc.Mode(gamma=1.5), np.array([0.1 + 0j])
calls = {
    "simulate": lambda: wc.simulate(mode, 1.0, num_samples=2),
    "sweep": lambda: wc.sweep(mode, 1.0, num_samples=2, gamma=[1.0, 1.5]),
    "integrate": lambda: wc.integrate(mode, a0, [0.0, 1.0]),
    "simulate_field": lambda: wc.simulate_field(tissue, 1e-3, np.ones(8), num_samples=2),
    "trace_rays": lambda: wc.trace_rays(tissue, [[0.003]], [[300.0]], 1e-4, num_samples=2),
    "spiking_frequency": lambda: mode.spiking_frequency(),
    "fit": lambda: wc.WaveClassifier(n_modes=4).fit(np.eye(16), np.arange(16) % 2),
}
if "used" in sys.argv:
    wc.simulate(mode, 1.0, num_samples=2)
child = os.fork()
if child == 0:
    signal.alarm(100)
    for name, call in (calls if "used" in sys.argv else {"simulate": calls["simulate"]}).items():
        try:
            call()
            print(name, "ran", flush=True)
        except RuntimeError as error:
            named = "spawn" in str(error) and "wc.sweep" in str(error)
            print(name, type(error).__name__, named, flush=True)
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
"""


def forked(*arguments):
    script = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(FORK), *arguments]
    found = subprocess.run(script, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()


class TestForks:
    @pytest.mark.slow
    def test_after_use_of_jax_all_that_computes_raises(self):
        lines = forked("used")
        assert len(lines) == 7
        for line in lines:
            assert line.endswith("ForkedProcessError True"), line

    @pytest.mark.slow
    def test_before_use_of_jax_the_child_computes(self):
        assert forked() == ["simulate ran"]


class TestMemoryMaps:
    @pytest.fixture
    def dropped(self, monkeypatch):
        """How often compiled calls were dropped; nothing is, as other tests use them."""
        calls = []
        monkeypatch.setattr(process.jax, "clear_caches", lambda: calls.append(1))
        monkeypatch.setattr(process.eqx, "clear_caches", lambda: None)
        return calls

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("compiled", "maps", "times"),
        [
            (process.COMPILED_BETWEEN_LOOKS, (600, 1000), 1),
            (process.COMPILED_BETWEEN_LOOKS, (400, 1000), 0),
            (process.COMPILED_BETWEEN_LOOKS - 1, (600, 1000), 0),
            (process.COMPILED_BETWEEN_LOOKS, None, 0),
            (process.MOST_COMPILED, None, 1),
        ],
    )
    def test_calls_are_dropped_by_maps_or_by_number(
        self, monkeypatch, dropped, compiled, maps, times
    ):
        monkeypatch.setattr(process, "count_maps", lambda: maps)
        monkeypatch.setattr(process._JAX, "compiled", compiled)
        process.bound_compiled_calls()
        process.bound_compiled_calls()
        assert len(dropped) == times

    def test_maps_are_counted(self):
        found = process.count_maps()
        assert found is not None
        assert 10 < found[0] < found[1]
