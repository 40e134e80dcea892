"""Double precision whatever was computed in single precision before."""

import jax
import numpy as np
import pytest

import wetcow as wc
from wetcow.precision import in_double


@pytest.mark.slow
def test_a_network_that_a_call_in_single_precision_held_is_simulated_in_double():
    network = wc.Network(0.5, np.array([1.0, 1.1, 0.9]), wc.LowRank.uniform(3, 1.0))
    same = wc.Network(0.5, np.array([1.0, 1.1, 0.9]), wc.LowRank.uniform(3, 1.0))
    a0, times = np.full(3, 0.1 + 0j), np.linspace(0, 5, 11)
    jax.jit(lambda start: wc.integrate(network, start, times))(a0)
    run = wc.simulate(network, t1=5.0, a0=a0)
    np.testing.assert_array_equal(run.a, wc.simulate(same, t1=5.0, a0=a0).a)


def test_an_array_that_a_call_in_single_precision_held():
    held = np.array(0.1)
    single = jax.jit(lambda x: x + held)(1.0)
    assert single.dtype == np.float32
    assert in_double(lambda value: jax.numpy.abs(value))(held) == 0.1
