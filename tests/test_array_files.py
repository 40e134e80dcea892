"""Checkpoints: what is written is read again, and nothing else is taken for it."""

import jax.numpy as jnp
import numpy as np
import pytest

from wetcow.array_files import (
    DamagedArraysError,
    read_arrays,
    state_bytes,
    state_of_bytes,
    write_arrays,
)


@pytest.fixture
def state():
    return {
        "amplitude": jnp.arange(6, dtype=jnp.complex64).reshape(2, 3),
        "moments": (np.linspace(0, 1, 4), jnp.zeros((0, 2), jnp.float32)),
        "step": 7,
        "key": np.array([3, 5], np.uint32),
    }


# File round trip


def test_a_state_comes_back_as_it_was(state, tmp_path):
    write_arrays(tmp_path / "kept.npz", {"done": np.asarray(3), "state": state_bytes(state)})
    found = read_arrays(tmp_path / "kept.npz")
    assert int(found["done"]) == 3
    again = state_of_bytes(found["state"], state)
    assert again["step"] == 7 and isinstance(again["step"], int)
    for one, other in [
        (again["amplitude"], state["amplitude"]),
        (again["moments"][0], state["moments"][0]),
        (again["moments"][1], state["moments"][1]),
        (again["key"], state["key"]),
    ]:
        assert type(one) is type(other) and one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_counters_may_be_of_another_width():
    found = state_of_bytes(state_bytes({"step": np.array(7, np.int32)}), {"step": np.array(0)})
    assert found["step"] == 7 and found["step"].dtype == np.int64


# Errors


@pytest.mark.parametrize(
    "changed",
    [
        {"amplitude": jnp.zeros((3, 2), jnp.complex64)},
        {"amplitude": jnp.zeros((2, 3), jnp.float32)},
        {"moments": ()},  # the file has more
        {"zeal": np.zeros(3)},  # the file has less
    ],
    ids=["shape", "dtype", "fewer", "more"],
)
def test_another_state_is_refused(state, changed):
    with pytest.raises(DamagedArraysError, match="another state"):
        state_of_bytes(state_bytes(state), state | changed)


def test_a_state_cut_off_is_refused(state):
    whole = state_bytes(state)
    for length in range(0, len(whole), 37):
        with pytest.raises(DamagedArraysError, match="another state"):
            state_of_bytes(whole[:length], state)
