"""Runs that would take for ever or too much memory, and arguments that do not exist."""

import time
import tracemalloc
from typing import Any, ClassVar

import jax
import numpy as np
import pytest

import wetcow as wc
from wetcow.process import _JAX
from wetcow.simulation import plan
from wetcow.simulation.chunks import chunk_length
from wetcow.tissue.conductivity import Conductivity


def together(strength, delay=None):
    r = strength * (1 - np.eye(4))
    return wc.Dense(r) if delay is None else wc.Delayed(r, delay * (r != 0))


# Known answers


class TestCompiledOnce:
    """Times, tolerances, steps and lengths are arguments of what is compiled."""

    def compiled(self, call):
        _JAX.compiled = before = 0
        call()
        return _JAX.compiled - before

    @pytest.mark.slow
    @pytest.mark.parametrize("dt", [None, 0.05])
    def test_simulate(self, dt):
        def run(t1, number, tolerance, gamma):
            steps = {"rtol": tolerance, "atol": tolerance} if dt is None else {"dt": dt * tolerance}
            return wc.simulate(wc.Mode(gamma=gamma), t1, num_samples=number, **steps)

        first = 1e-6 if dt is None else 1.0
        run(10.0, 101, first, 1.5)
        assert self.compiled(lambda: run(7.0, 121, first / 2, 1.6)) == 0
        assert self.compiled(lambda: run(31.0, 90, first / 3, 0.7)) == 0

    @pytest.mark.slow
    def test_integrate(self):
        def run(gamma, end, tolerance):
            times = np.linspace(0, end, 11)
            return wc.integrate(wc.Mode(gamma), np.array([0.1 + 0j]), times, rtol=tolerance)

        run(1.5, 10.0, 1e-6)
        assert self.compiled(lambda: run(1.6, 5.0, 1e-6)) == 0

    def test_lengths_are_few(self):
        lengths = {chunk_length(number, steps) for number in range(2, 5000) for steps in (1, 1e3)}
        assert len(lengths) == 10


# Errors


class TestEffort:
    @pytest.mark.parametrize(
        ("system", "reason"),
        [
            (wc.Mode(gamma=1.0, omega=1e9), "same unit"),
            (wc.Mode(gamma=1e10), "same unit"),
            (wc.Mode(gamma=-1e12), "same unit"),
            (wc.Mode(gamma=1e308), "same unit"),
            (wc.Network(0.5, 1.0, together(1e8)), "normalised"),
            (wc.Network(0.5, 1.0, together(1e8, delay=1.0)), "normalised"),
            (wc.Kuramoto(1e9, together(0.1)), "same unit"),
            (wc.LeakyIntegrateAndFire(1.5, together(0.1), tau_m=1e-9), "same unit"),
        ],
    )
    def test_endless_runs_are_refused_at_once(self, system, reason):
        start = time.perf_counter()
        with pytest.raises(ValueError, match=f"max_steps.*{reason}"):
            wc.simulate(system)
        assert time.perf_counter() - start < 20

    def test_rates_that_overflow(self):
        with pytest.raises(ValueError, match="rate"):
            wc.simulate(wc.Network(0.5, 1.0, wc.Dense(1e308 * (1 - np.eye(4)))))

    @pytest.mark.slow
    def test_max_steps(self):
        fast = wc.Mode(gamma=1.0, omega=100.0)
        with pytest.raises(ValueError, match="max_steps=1e"):
            wc.simulate(fast, 10.0, num_samples=11, max_steps=100)
        assert wc.simulate(fast, 10.0, num_samples=11, max_steps=100_000).sizes["time"] == 11
        for wrong in (0, 2.5, np.nan, np.inf, "many"):
            with pytest.raises(ValueError, match="max_steps must be"):
                wc.simulate(fast, max_steps=wrong)

    def test_history_of_delays_must_fit_memory(self):
        r = np.zeros((1000, 1000))
        r[0, 1], r[1, 0] = 10.0, 10.0
        delay = np.full((1000, 1000), 0.5)
        delay[0, 1] = 1e7
        network = wc.Network(0.5, 1.0, wc.Delayed(r, delay))
        with pytest.raises(ValueError, match=r"history of delays.*GB.*normalised"):
            wc.simulate(network, 1.0, num_samples=2)

    def test_trajectory_must_fit_memory(self):
        with pytest.raises(ValueError, match=r"trajectory.*GB.*path="):
            wc.simulate(wc.Mode(gamma=np.ones(100_000)), num_samples=1_000_000)

    def test_the_parts_of_a_chunk_count_beside_the_whole(self, monkeypatch):
        """400 samples of 10 modes and 100 runs: 6.4 MB, three times while the chunk is joined."""
        mode, settings = wc.Mode(gamma=np.ones(10)), {"t1": 1.0, "num_samples": 400}
        monkeypatch.setattr(plan, "available_memory", lambda: 19e6)
        with pytest.raises(ValueError, match=r"trajectory.*0\.0192 GB"):
            wc.sweep(mode, **settings, omega=np.linspace(1, 2, 100))

    def test_times_count_as_often_as_they_are_held(self, monkeypatch):
        """A million times are 8 MB."""
        monkeypatch.setattr(plan, "available_memory", lambda: 30e6)
        with pytest.raises(ValueError, match=r"GB.*fewer samples"):
            wc.simulate(wc.Mode(gamma=1.0), num_samples=10**6, path="huge.zarr")

    @pytest.mark.slow
    def test_no_more_copies_of_times_are_held_than_are_counted(self, tmp_path):
        number, settings = 100_000, {"rtol": 1e-3, "atol": 1e-3, "t1": 10.0}

        def run(name):
            path = tmp_path / name
            wc.simulate(wc.Mode(gamma=0.5), num_samples=number, path=path, **settings)

        run("first.zarr")  # imports and compiles
        tracemalloc.start()
        try:
            run("second.zarr")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        everything_else = 4e6  # chunks of samples, the writer
        assert peak < 8 * plan.COPIES_OF_TIMES * number + everything_else
        assert peak > 8 * 3 * number

    @pytest.mark.parametrize("number", [1e12, 2**50])
    def test_numbers_of_samples(self, number):
        with pytest.raises(ValueError, match=r"GB.*fewer samples"):
            wc.simulate(wc.Mode(gamma=1.0), num_samples=number)

    def test_fields(self):
        tissue = Conductivity(np.full(8, 0.3), spacing=1e-3)
        with pytest.raises(ValueError, match="max_steps"):
            wc.simulate_field(tissue, 1e9, np.ones(8), num_samples=2)
        with pytest.raises(ValueError, match=r"GB.*fewer num_samples"):
            wc.simulate_field(tissue, 1e-3, np.ones(8), num_samples=2**38)
        with pytest.raises(ValueError, match=r"GB.*fewer rays"):
            wc.trace_rays(tissue, [[0.003]], [[300.0]], 1e-4, num_samples=2**40)


class TestNumbers:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"num_samples": np.inf}, "num_samples must be an integer"),
            ({"num_samples": np.nan}, "num_samples must be an integer"),
            ({"num_samples": 10.5}, "num_samples must be an integer"),
            ({"num_samples": True}, "num_samples must be an integer"),
            ({"num_samples": "ten"}, "num_samples must be an integer"),
            ({"t1": np.nan}, "t1 must be a finite number"),
            ({"t1": np.ma.masked}, "t1"),
            ({"t1": 1 + 1j}, "t1 must be a number"),
            ({"a0": []}, "a0"),
            ({"a0": np.ma.masked_array([0.1], [True])}, "a0 has 1 masked entries"),
            ({"a0": np.inf}, "a0 must be finite"),
            ({"a0": "start"}, "a0 must be an array of numbers"),
            ({"a0": [0.1, 0.2]}, "a0 must be a number or have shape"),
            ({"seed": 0.5}, "seed must be an integer"),
            ({"seed": -1}, "seed must be an integer"),
            ({"seed": 2**64}, "seed must be at most"),
            ({"seed": np.nan}, "seed must be an integer"),
            ({"noise": np.nan, "seed": 0}, "noise must be a finite number"),
            ({"noise": -0.1, "seed": 0}, "noise must not be negative"),
            ({"noise": 0.1}, "noise needs a seed"),
            ({"dt": np.nan}, "dt must be a finite number"),
            ({"dt": 0}, "dt must be finite and positive"),
            ({"dt": np.ma.masked_array(0.1, True)}, "dt has 1 masked"),
            ({"rtol": np.inf}, "rtol must be a finite number"),
            ({"modes": []}, "modes"),
            ({"modes": [2**40]}, "modes must lie in"),
            ({"modes": [0.5]}, "modes must be"),
            ({"modes": [-1]}, "modes must lie in"),
        ],
    )
    def test_strange_arguments_of_simulate(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            wc.simulate(wc.Mode(gamma=1.0), **arguments)

    usual: ClassVar = {"a0": [0.1], "times": [0, 1.0]}

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"times": [0, np.nan]}, "times must be finite"),
            ({"times": [0, 2, 1]}, "times must be increasing"),
            ({"times": [0, 0]}, "times must be increasing"),
            ({"times": [1.0]}, "times must be increasing"),
            ({"times": np.ma.masked_array([0, 1.0], [0, 1])}, "times has 1 masked"),
            ({"a0": [np.nan]}, "a0 must be finite"),
            ({"a0": [0.1, 0.2]}, "a0 must have shape"),
            ({"a0": np.ma.masked_array([0.1], [True])}, "a0 has 1 masked"),
            ({"rtol": 0}, "rtol must be finite and positive"),
            ({"atol": np.nan}, "atol must be a finite number"),
        ],
    )
    def test_strange_arguments_of_integrate(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            wc.integrate(wc.Mode(1.0), **(self.usual | arguments))

    @pytest.mark.slow
    def test_what_is_traced_and_makes_no_sense_gives_nan(self):
        run = jax.jit(lambda times: wc.integrate(wc.Mode(1.0), np.array([0.1 + 0j]), times))
        for times in ([0, np.nan, 2], [0, 2, 1], [0, 0, 0], [0, 1, np.inf]):
            assert np.isnan(run(np.array(times, float))).all()
        assert np.isfinite(run(np.array([0, 1.0, 2.0]))).all()


class TestNames:
    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("duration", "t1"),
            ("tmax", "t1"),
            ("y0", "a0"),
            ("n_samples", "num_samples"),
            ("rtoll", "rtol"),
            ("sigma", "noise"),
            ("presicion", "precision"),
        ],
    )
    def test_names_of_arguments_are_suggested(self, name, meant):
        with pytest.raises(TypeError, match=rf"'{name}'.*did you mean {meant}\?"):
            wc.simulate(wc.Mode(gamma=1.0), **{name: 1})

    def test_parameters_are_constants(self):
        for build in (wc.Mode, lambda gamma: wc.Network(gamma, 1.0, together(0.1))):
            with pytest.raises(ValueError, match="constants, not functions of time"):
                build(lambda t: 1.0 + t)

    def test_what_is_not_a_system(self):
        brain = wc.Connectome(np.array([[0, 1.0], [1.0, 0]]))
        simulate: Any = wc.simulate
        for call in (simulate, lambda one: wc.integrate(one, [0.1], [0, 1.0])):
            with pytest.raises(TypeError, match=r"Connectome cannot be integrated.*to_network"):
                call(brain)
            with pytest.raises(TypeError, match="the class; give one, such as Mode"):
                call(wc.Mode)
            with pytest.raises(TypeError, match="give a Mode, a Network"):
                call(np.eye(2))
