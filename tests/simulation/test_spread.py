"""One network on several devices and processes is that on one."""

import functools
import json
import socket
import subprocess
import sys

import jax
import numpy as np
import pytest

import wetcow as wc
from wetcow.bench.problem import problem

RUN = """
import json, sys
import jax
port, process = map(int, sys.argv[1:])
jax.config.update("jax_num_cpu_devices", 1)
jax.distributed.initialize(f"127.0.0.1:{port}", 2, process)
import numpy as np
import wetcow as wc
from wetcow.bench.problem import problem

assert len(jax.devices()) == 2 and jax.process_count() == 2
rows = []
for precision, noise in (("double", 0.0), ("single", 0.1)):
    run = wc.simulate(
        problem(6).network(), 5.0, num_samples=11, seed=0, noise=noise, precision=precision,
        devices=jax.devices(),
    )
    rows.append([run.a.values.real.tolist(), run.a.values.imag.tolist()])
print(json.dumps(rows))
"""
NEAR = {"double": 1e-12, "single": 1e-5}


@functools.cache
def run_of(precision, number_of_devices=None):
    devices = None if number_of_devices is None else jax.devices()[:number_of_devices]
    settings = {"num_samples": 11, "seed": 0, "noise": 0.0 if precision == "double" else 0.1}
    network = problem(6).network()
    return wc.simulate(network, 5.0, precision=precision, devices=devices, **settings).a


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize("precision", NEAR)
def test_two_devices_are_one(precision):
    assert len(jax.devices()) == 2 and jax.process_count() == 1
    np.testing.assert_allclose(run_of(precision, 2), run_of(precision), atol=NEAR[precision])


@pytest.mark.slow
def test_two_processes_are_one():
    port = str(free_port())
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, port, str(process)], stdout=subprocess.PIPE, text=True
        )
        for process in range(2)
    ]
    printed = [one.communicate(timeout=300)[0] for one in started]
    assert all(one.returncode == 0 for one in started)
    for text in printed:
        rows = json.loads(text.splitlines()[-1])
        for found, (precision, near) in zip(rows, NEAR.items(), strict=True):
            a = np.array(found[0]) + 1j * np.array(found[1])
            np.testing.assert_allclose(a, run_of(precision), atol=near)


def test_what_cannot_be_shared():
    devices = jax.devices()[:1] * 2
    with pytest.raises(ValueError, match="Dense coupling; this Network has LowRank"):
        wc.simulate(wc.Network(0.2, 1.0, wc.LowRank.uniform(4, 0.1)), devices=devices)
    with pytest.raises(ValueError, match="this Mode has none"):
        wc.simulate(wc.Mode(0.2), devices=devices)
    with pytest.raises(ValueError, match="2 devices cannot share 3 modes"):
        wc.simulate(problem(3).network(), devices=devices)
