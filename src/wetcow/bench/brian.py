"""The benchmark's network in Brian 2."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable

import numpy as np

from wetcow.bench.clock import equal_steps
from wetcow.bench.problem import NetworkProblem, parts
from wetcow.modes.criticality import CANONICAL

_MODES = """
growth = gamma + w_a*(x*cos_psi + y*sin_psi) - alpha*sqrt(x*x + y*y) : 1
turning = omega + w_phi*x : 1
rate_x = growth*x - turning*y + from_x : 1
rate_y = growth*y + turning*x + from_y : 1
gamma : 1 (constant)
omega : 1 (constant)
step : 1 (shared)
"""
_LINKS = """
c : 1 (constant)
s : 1 (constant)
from_x_post = c*x_pre - s*y_pre : 1 (summed)
from_y_post = c*y_pre + s*x_pre : 1 (summed)
"""
_WHOLE = "".join(f"d{z}/dt = rate_{z}/second : 1\nfrom_{z} : 1\n" for z in "xy")
_STAGED = "".join(f"{z} : 1\nfrom_{z} : 1\nstart_{z} : 1\nsum_{z} : 1\n" for z in "xy")
_STAGE = (
    """
stage = t_in_timesteps % 4
weight = 1.0 + int(stage == 1) + int(stage == 2)
reach = 0.5 + 0.5*int(stage == 2)
last = 1.0*int(stage == 3)
"""
    + "".join(
        f"""
slope_{z} = 4*step*rate_{z}
sum_{z} += weight/6*slope_{z}
start_{z} += last*sum_{z}
sum_{z} *= 1 - last
"""
        for z in "xy"
    )
    + "".join(f"{z} = start_{z} + (1 - last)*reach*slope_{z}\n" for z in "xy")
)


def prepare(
    problem: NetworkProblem, t1: float, staged: bool = False
) -> Callable[[float], np.ndarray]:
    """A C++ program that each run starts anew; one network at a time.

    Links meet in summed variables. Those are updated once a step, not at each stage of a
    Runge-Kutta method, so that for networks "rk4" is of first order. If `staged`, the same method
    is written out as four steps of the clock, each after an update, and is of fourth order.
    """
    try:
        import brian2 as b2  # pyright: ignore[reportMissingImports]
    except AttributeError as error:
        raise ImportError("brian2 2.9 and older need NumPy below 2.4") from error

    b2.BrianLogger.log_level_error()
    b2.set_device("cpp_standalone", build_on_run=False)
    device = b2.device
    device.reinit()
    device.activate(build_on_run=False)
    clock = b2.Clock(t1 * b2.second)
    constants = {
        "w_a": CANONICAL.w_a,
        "w_phi": CANONICAL.w_phi,
        "alpha": CANONICAL.alpha,
        "cos_psi": np.cos(CANONICAL.psi),
        "sin_psi": np.sin(CANONICAL.psi),
    }
    model, method = _MODES + (_STAGED if staged else _WHOLE), None if staged else "rk4"
    modes = b2.NeuronGroup(problem.size, model, method, clock=clock, namespace=constants)
    modes.gamma, modes.omega = problem.gamma, problem.omega
    modes.x, modes.y = start = parts(problem.a0)
    if staged:
        modes.start_x, modes.start_y = start
        modes.run_regularly(_STAGE, clock=clock, when="end")
    links = b2.Synapses(modes, modes, _LINKS, clock=clock)
    target, source = np.nonzero(problem.r)
    links.connect(i=source, j=target)
    links.c, links.s = parts(problem.r[target, source])
    # The clock's step is part of the program; set like this, one program serves for all steps.
    device.apply_run_args()
    variables = clock.variables["dt"], modes.variables["step"]
    device.insert_code("main", "{}[0] = {}[0];".format(*map(device.get_array_name, variables)))
    b2.Network(modes, links).run(t1 * b2.second)
    folder = tempfile.mkdtemp()
    device.build(folder, compile=True, run=False, with_output=False)

    def run(accuracy: float) -> np.ndarray:
        step = equal_steps(t1, accuracy)[1] / (4 if staged else 1)
        device.run(folder, with_output=False, run_args={modes.step: step})
        return np.asarray(modes.x) + 1j * np.asarray(modes.y)

    weakref.finalize(run, shutil.rmtree, folder, ignore_errors=True)
    return run
