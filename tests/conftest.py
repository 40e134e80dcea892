"""Settings that must be made before JAX is imported, and tools that several tests share."""

import contextlib
import gc
import importlib.metadata
import os
import pathlib
import signal

# Two thirds of the time would be XLA's compiler: it does without most optimisations, here and in
# processes that tests start, but for what is marked "optimized". Other versions may not know the
# flag, and would refuse to start.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
_FLAGS = []
if importlib.metadata.version("jaxlib").startswith("0.10."):
    _FLAGS.append("--xla_cpu_use_fusion_emitters=false")

# Threads of the compiler would wait for the other worker; places in the source would be collected
# for each operation of a program, and read by nobody.
_FLAGS.append("--xla_cpu_parallel_codegen_split_count=1")
os.environ.setdefault("JAX_TRACEBACK_IN_LOCATIONS_LIMIT", "0")

# Two virtual devices, so that sharing work between devices is tested on any machine.
TWO_DEVICES = "--xla_force_host_platform_device_count=2"
for _flag in (*_FLAGS, TWO_DEVICES):
    if _flag not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_flag}".strip()

# Each of two worker processes has a thread: more of them would wait for each other.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# What XLA compiled is kept for other tests, their processes, and the next run. It keeps no program
# that calls back to Python, as equinox's checks do: under test they make NaN instead.
os.environ.setdefault("EQX_ON_ERROR", "nan")
_KEPT = pathlib.Path(__file__).parents[1] / ".pytest_cache" / "compiled"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_KEPT))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")  # to read: a tenth of it
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")

# A shell's jobs in the background ignore Ctrl-C, which tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)

import equinox as eqx
import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import wetcow as wc

hypothesis.settings.register_profile("wetcow", deadline=None, derandomize=True, max_examples=25)
hypothesis.settings.load_profile("wetcow")


# Examples in docstrings that take longer than most; named as pytest does.
SLOW_EXAMPLES = {
    "wetcow.explore.views.mode.look_at_mode",
    "wetcow.fit.fitting.fit",
    "wetcow.learning.classifier.WaveClassifier",
    "wetcow.learning.dynamics.random_modes.draw_random_modes",
    "wetcow.learning.dynamics.readout.read_class",
    "wetcow.learning.estimator.series.SeriesFeatures",
    "wetcow.learning.pipeline",
    "wetcow.learning.series_files.save_series_model",
    "wetcow.modes.hamiltonian.motion",
    "wetcow.networks.connectome.model.Connectome.label",
    "wetcow.observation.sensors.eeg",
    "wetcow.observation.volumes.Bold",
    "wetcow.plotting.animation.animate",
    "wetcow.plotting.kinds.plot",
    "wetcow.reports.claims.borders.steepness",
    "wetcow.reports.peers.penalised.PenalisedPerceptron",
    "wetcow.simulation.drive.Drive",
    "wetcow.simulation.integrate.integrate",
    "wetcow.simulation.sweep.sweep",
    "wetcow.synchrony.avalanches.find_events",
    "wetcow.synchrony.connectivity.functional_connectivity",
    "wetcow.synchrony.order.order_parameter",
    "wetcow.synchrony.silence.silent_modes",
    "wetcow.synchrony.spikes.spike_times",
    "wetcow.tissue.rays.trace_rays",
}


def pytest_collection_finish():
    """Let the collector of garbage pass over what was imported, which stays to the end.

    It also looks less often: what is traced makes a hundred thousand objects, of which most stay.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.name in SLOW_EXAMPLES:
            item.add_marker(pytest.mark.slow)
    # Those that are compiled in another way come last of all: what is compiled is forgotten then.
    items.sort(key=lambda one: one.get_closest_marker("optimized") is not None)


# Rooms whose numbers never change their type by themselves, such as real ones beside complex ones.
STRICT = ("modes", "memory", "images", "observation")
QUICK_STRICT = ("networks", "synchrony", "tissue")  # whose slow tests simulate; steps are not ready


@pytest.fixture(autouse=True)
def promotion_of_types(request):
    """Strict where the code is ready for it: what mixes types is an error there."""
    rooms = STRICT if request.node.get_closest_marker("slow") else STRICT + QUICK_STRICT
    strict = request.path.parent.name in rooms
    with jax.numpy_dtype_promotion("strict" if strict else "standard"):
        yield


UNLESS_MARKED = jax.config.read("jax_disable_most_optimizations")


@pytest.fixture(autouse=True)
def compilation(request):
    """What is marked as optimized is compiled anew."""
    marked = request.node.get_closest_marker("optimized") is not None
    quickly = UNLESS_MARKED and not marked
    if quickly != jax.config.read("jax_disable_most_optimizations"):
        eqx.clear_caches()
        jax.clear_caches()
        jax.config.update("jax_disable_most_optimizations", quickly)


@pytest.fixture
def rng():
    return np.random.default_rng(12345)


def random_amplitudes(rng, size):
    """Complex amplitudes with moduli in [0.1, 1] and any phase."""
    return rng.uniform(0.1, 1.0, size) * np.exp(1j * rng.uniform(0, 2 * np.pi, size))


def random_coupling(rng, size, strength=0.3):
    """A full complex R without self-coupling; neither Hermitian nor symmetric."""
    r = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    np.fill_diagonal(r, 0)
    return strength / size * r


@contextlib.contextmanager
def interrupted(monkeypatch, owner, name, call, *, after=False):
    """Ctrl-C at the `call`-th call of a function of `owner`: before or after it does its work."""
    original, calls = getattr(owner, name), []

    def once(*args, **named):
        calls.append(args)
        if not after and len(calls) == call:
            raise KeyboardInterrupt
        found = original(*args, **named)
        if len(calls) == call:
            raise KeyboardInterrupt
        return found

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, once)
        with pytest.raises(KeyboardInterrupt):
            yield


class Ring(wc.Coupling):
    """A coupling as somebody outside the package would write it: each mode hears the one before."""

    number: int = eqx.field(static=True)
    strength: complex

    @property
    def size(self):
        return self.number

    def __call__(self, a, past=None):
        return self.strength * jnp.roll(a, 1)

    def bound(self):
        return abs(self.strength)

    def matrix(self):
        return jnp.asarray(self.strength * np.roll(np.eye(self.number), 1, axis=0))

    def scaled(self, strength):
        return Ring(self.number, self.strength * strength)


def polar_rates(amplitude, phase, mode, r=None):
    """Right-hand sides dA/dt and dφ/dt of [11, 12], or of [19, 20] with a coupling matrix R."""
    growth = mode.gamma * amplitude + amplitude**2 * (
        mode.w_a * np.cos(phase - mode.psi) - mode.alpha
    )
    turning = mode.omega + amplitude * mode.w_phi * np.cos(phase)
    if r is not None:
        weight, delta = np.abs(r), -np.angle(r)
        difference = phase[None, :] - phase[:, None] - delta
        growth = growth + np.sum(weight * amplitude * np.cos(difference), axis=1)
        turning = turning + np.sum(weight * amplitude * np.sin(difference), axis=1) / amplitude
    return growth, turning


def polar_solution(mode, a0, times, r=None):
    """Amplitudes (k, n) by SciPy's DOP853 from the polar equations: an independent integrator."""
    from scipy.integrate import solve_ivp

    a0 = np.atleast_1d(a0)
    size = a0.size

    def rates(t, y):
        return np.concatenate(polar_rates(y[:size], y[size:], mode, r))

    start = np.concatenate([np.abs(a0), np.angle(a0)])
    solution = solve_ivp(
        rates, (times[0], times[-1]), start, "DOP853", times, rtol=1e-12, atol=1e-13
    )
    return (solution.y[:size] * np.exp(1j * solution.y[size:])).T
