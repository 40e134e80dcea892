"""One network on several devices and processes is that on one."""

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
port, process, count = map(int, sys.argv[1:])
jax.config.update("jax_num_cpu_devices", 2 // count)
if count > 1:
    jax.distributed.initialize(f"127.0.0.1:{port}", count, process)
import numpy as np
import wetcow as wc
from wetcow.bench.problem import problem

assert len(jax.devices()) == 2 and jax.process_count() == count
rows = []
for precision, noise in (("double", 0.0), ("single", 0.1)):
    run = wc.simulate(
        problem(6).network(), 5.0, num_samples=11, seed=0, noise=noise, precision=precision,
        devices=jax.devices(),
    )
    rows.append([run.a.values.real.tolist(), run.a.values.imag.tolist()])
print(json.dumps(rows))
"""


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_two_devices_are_one(processes):
    port = str(free_port())
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, port, str(process), str(processes)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for process in range(processes)
    ]
    printed = [one.communicate(timeout=300)[0] for one in started]
    assert all(one.returncode == 0 for one in started)
    for text in printed:
        for found, (precision, noise, near) in zip(
            json.loads(text.splitlines()[-1]),
            (("double", 0.0, 1e-12), ("single", 0.1, 1e-5)),
            strict=True,
        ):
            alone = wc.simulate(
                problem(6).network(), 5.0, num_samples=11, seed=0, noise=noise, precision=precision
            )
            np.testing.assert_allclose(
                np.array(found[0]) + 1j * np.array(found[1]), alone.a, atol=near
            )


def test_what_cannot_be_shared():
    devices = jax.devices()[:1] * 2
    with pytest.raises(ValueError, match="Dense coupling; this Network has LowRank"):
        wc.simulate(wc.Network(0.2, 1.0, wc.LowRank.uniform(4, 0.1)), devices=devices)
    with pytest.raises(ValueError, match="this Mode has none"):
        wc.simulate(wc.Mode(0.2), devices=devices)
    with pytest.raises(ValueError, match="2 devices cannot share 3 modes"):
        wc.simulate(problem(3).network(), devices=devices)
