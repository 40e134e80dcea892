"""Small systems that run by themselves, in one kernel: to the same result as anywhere else."""

import functools
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import wetcow as wc
from wetcow.simulation.steps import single_kernel
from wetcow.simulation.steps.advance import advance
from wetcow.simulation.steps.stepping import Adaptive, Fixed, initial_state

ADAPTIVE, ACCURATE, FIXED = Adaptive(1e-5, 1e-7), Adaptive(1e-12, 1e-13), Fixed(0.02, 5, 0, False)


class Transformed(wc.Mode):
    """A user's own system, which calls what a kernel cannot."""

    def field(self, a, past=None):
        return super().field(jnp.fft.ifft(jnp.fft.fft(a)))


def network(size):
    rng = np.random.default_rng(size)
    r = rng.normal(size=(size, size)) * np.exp(1j * rng.uniform(-1, 1, (size, size))) / size
    np.fill_diagonal(r, 0)
    return wc.Network(rng.uniform(0.5, 2, size), rng.uniform(0.8, 1.2, size), wc.Dense(r))


SYSTEMS = {
    "modes": wc.Mode(gamma=[-0.5, 1.5, 1.95]),
    "own": Transformed(gamma=[-0.5, 1.5, 1.95]),
    "small": network(5),
    "largest": network(32),
    "sparse": network(6).replace(coupling=wc.Sparse(6, [0, 1], [1, 2], [0.1, 0.2j])),
    "sheet": wc.Network(0.5, 1.0, wc.Sheet((3, 3), [[0, 0.1, 0], [0.1, 0, 0.1j], [0, 0, 0]])),
    "large": network(64),
    "kuramoto": wc.Kuramoto(np.linspace(0.9, 1.1, 4), wc.Dense(0.1 * (1 - np.eye(4)))),
}


IN_ONE = ("modes", "small", "largest")
STEPPINGS = [
    pytest.param(ADAPTIVE, True, marks=pytest.mark.optimized, id="adaptive double"),
    pytest.param(ADAPTIVE, False, id="adaptive single"),
    pytest.param(ACCURATE, True, id="accurate"),
    pytest.param(FIXED, True, id="fixed double"),
    pytest.param(FIXED, False, id="fixed single"),
]


def lowered(how, system, times, stepping, dtype):
    """A run that is still to be compiled, its arguments, and its program without its name."""
    times = jnp.asarray(times, np.finfo(dtype).dtype)
    a0 = 0.2 * np.exp(1j * np.arange(system.size))
    arguments = (system.compiled_layout(), initial_state(jnp.asarray(a0, dtype), stepping), times)
    run = jax.jit(functools.partial(how, stepping=stepping)).lower(*arguments)
    return run, arguments, run.as_text().partition("\n")[2]


def ends(how, system, times, stepping, dtype):
    """Samples, state, and whether it was compiled as one kernel."""
    run, arguments, program = lowered(how, system, times, stepping, dtype)
    found, after = run.compile()(*arguments)
    return np.asarray(found), after, "xla_cpu_small_call" in program


def case(name, stepping, double):
    """A system, and how it is run."""
    times = np.linspace(0, 2, 21 if isinstance(stepping, Fixed) else 2)
    return SYSTEMS[name], times, stepping, np.complex128 if double else np.complex64


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(SYSTEMS) - set(IN_ONE)))
@pytest.mark.parametrize(("stepping", "double"), STEPPINGS[1:4:2])
def test_others_have_the_same_program_as_anywhere(name, stepping, double):
    """To the letter, and so the same result, of both kinds of steps and numbers."""
    with jax.enable_x64(double):
        what = case(name, stepping, double)
        program = lowered(single_kernel.advance_single_kernel, *what)[2]
        assert "xla_cpu_small_call" not in program and program == lowered(advance, *what)[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_ONE)
@pytest.mark.parametrize(("stepping", "double"), STEPPINGS)
def test_single_kernel_is_as_anywhere(name, stepping, double):
    fixed = isinstance(stepping, Fixed)
    with jax.enable_x64(double):
        what = case(name, stepping, double)
        expected, state, _ = ends(advance, *what)
        found, after, one = ends(single_kernel.advance_single_kernel, *what)
    assert one
    # Adaptive steps follow errors of the size of rounding at first.
    scale = np.abs(expected).max() * (1 if fixed else 1e3)
    np.testing.assert_allclose(found, expected, rtol=0, atol=scale * 20 * np.finfo(what[-1]).eps)
    if fixed:
        assert after.step == state.step


@pytest.mark.slow
def test_samples_between_adaptive_steps():
    with jax.enable_x64(True):
        times = np.linspace(0, 2, 21)
        both = [
            ends(how, SYSTEMS["small"], times, ADAPTIVE, np.complex128)[0]
            for how in (advance, single_kernel.advance_single_kernel)
        ]
    np.testing.assert_array_equal(*both)


@pytest.mark.slow
def test_noise_and_delays_are_kept():
    settings = {"t1": 2.0, "a0": 0.1, "dt": 0.01}
    noisy = [wc.simulate(SYSTEMS["small"], noise=0.1, seed=s, **settings) for s in (0, 1)]
    assert not np.allclose(*(run.a[-1] for run in noisy))
    r = network(4).coupling.r
    late = [
        wc.simulate(wc.Network(1.5, 1.0, coupling), 5.0, a0=0.1 + 0.1j, dt=0.01).a[-1]
        for coupling in (wc.Dense(r), wc.Delayed(r, 1.0 * (r != 0)))
    ]
    assert not np.allclose(*late)


def test_without_marks_of_xla(monkeypatch):
    """The function that marks calls is experimental in JAX; without it, results are the same."""
    monkeypatch.setitem(sys.modules, "jax.experimental.xla_metadata", None)
    with jax.enable_x64(True):
        times, how = np.linspace(0, 2, 21), single_kernel.advance_single_kernel
        found, _, one = ends(how, SYSTEMS["small"], times, FIXED, np.complex128)
        expected, _, _ = ends(advance, SYSTEMS["small"], times, FIXED, np.complex128)
    assert not one
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
