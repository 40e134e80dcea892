"""JAX and the process: forks are refused where JAX would hang, memory maps stay bounded."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from wetcow import forks, process

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
    "field": lambda: mode.field(a0),
    "motion": lambda: wc.motion(wc.hamiltonian, a0, mode),
    "rate": lambda: mode.rate(),
    "dispersion": lambda: wc.dispersion(tissue, [[300.0]]),
    "survival": lambda: wc.survival(tissue, 300.0),
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
        assert len(lines) == 12
        for line in lines:
            assert line.endswith("ForkedProcessError True"), line

    @pytest.mark.slow
    def test_before_use_of_jax_the_child_computes(self):
        assert forked() == ["simulate ran"]

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "use",
        [
            "import jax; jax.jit(lambda x: x + 1)(jax.numpy.ones(3)); import wetcow as wc",
            "import jax; import wetcow as wc; jax.devices()",
            "import jax; import wetcow as wc; jax.device_put(np.ones(3))",
        ],
    )
    def test_after_any_use_of_jax_that_starts_its_threads(self, use):
        start = f"""
            import os, signal, sys
            import numpy as np
            {use}
            child = os.fork()
            if child == 0:
                signal.alarm(30)
                try:
                    wc.simulate(wc.Mode(gamma=1.5), 1.0, num_samples=2)
                except RuntimeError as error:
                    os._exit(0 if "spawn" in str(error) else 2)
                os._exit(1)
            wc.simulate(wc.Mode(gamma=1.5), 1.0, num_samples=2)  # the parent goes on
            sys.exit(os.waitpid(child, 0)[1])
        """
        command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(start)]
        found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert found.returncode == 0, found.stderr

    def test_a_version_of_jax_that_does_not_say_whether_it_has_started(self, monkeypatch):
        from jax._src import xla_bridge

        process.jax.devices()
        assert forks.has_threads()
        monkeypatch.delattr(xla_bridge, "backends_are_initialized")
        assert not forks.has_threads()
        monkeypatch.setattr(forks.Started, "process", None)
        forks._before_fork()
        assert forks.Started.process is None
        # Then it is known from what compiles.
        process._on_event("/jax/core/compile/backend_compile_duration", 1.0)
        assert forks.Started.process == os.getpid()


class TestOtherProcesses:
    def test_functions_that_use_the_package_go_to_workers(self):
        """joblib and Dask send functions of a notebook with what they use, the package too."""
        import copy
        import pickle

        import cloudpickle

        import wetcow

        for module in (wetcow, wetcow.memory):
            assert pickle.loads(cloudpickle.dumps(module)) is module
        assert copy.deepcopy({"wc": wetcow})["wc"] is wetcow
        sent = {"wc": wetcow, "np": np}
        exec("def rate(gamma): return wc.Mode(gamma=np.float64(gamma)).critical_gamma", sent)
        rate = pickle.loads(cloudpickle.dumps(sent["rate"]))
        assert rate(1.0) == wetcow.Mode(gamma=1.0).critical_gamma


class TestFreeMemory:
    MEMINFO = "MemTotal: 2000 kB\nMemFree: 100 kB\nMemAvailable: 1000 kB\n"

    @pytest.fixture
    def system(self, monkeypatch, tmp_path):
        """Writes what the kernel says, and asks how much is free."""
        monkeypatch.setattr(process, "_PROC", tmp_path / "proc")
        monkeypatch.setattr(process, "_GROUPS", tmp_path / "groups")

        def free(**files):
            for name, text in {"proc/meminfo": self.MEMINFO, **files}.items():
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return process.available_memory()

        return free

    def test_what_is_cached_of_files_is_free(self, system):
        assert system() == 1024 * 1000

    def test_limit_of_any_group_above(self, system):
        files = {
            "proc/self/cgroup": "0::/a/b\n",
            "groups/a/b/memory.max": "max\n",
            "groups/a/b/memory.current": "300000\n",
            "groups/a/memory.max": "700000\n",
            "groups/a/memory.current": "500000\n",
            "groups/a/memory.stat": "anon 400000\ninactive_file 50000\n",
        }
        assert system(**files) == 250000

    def test_first_version_of_groups_mounted_in_a_container(self, system):
        files = {
            "proc/self/cgroup": "5:cpu,memory:/docker/123\n3:cpuset:/\n0::/\n",
            "groups/memory/memory.limit_in_bytes": "600000\n",
            "groups/memory/memory.usage_in_bytes": "500000\n",
            "groups/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 20000\n",
        }
        assert system(**files) == 120000

    def test_no_limit_beyond_that_of_the_system(self, system):
        files = {
            "proc/self/cgroup": "0::/\n",
            "groups/memory.max": f"{2**62}\n",
            "groups/memory.current": "0\n",
        }
        assert system(**files) == 1024 * 1000

    def test_other_systems(self, monkeypatch, tmp_path):
        monkeypatch.setattr(process, "_PROC", tmp_path)
        monkeypatch.setattr(process.os, "sysconf", lambda name: {"SC_PAGE_SIZE": 4096}.get(name, 5))
        assert process.available_memory() == 5 * 4096


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

    @pytest.mark.parametrize(
        "name", ["dispersion", pytest.param("survival", marks=pytest.mark.slow)]
    )
    def test_maps_of_tissues_of_all_sizes_are_bounded(self, monkeypatch, dropped, name):
        import wetcow as wc

        monkeypatch.setattr(process, "count_maps", lambda: (600, 1000))
        monkeypatch.setattr(process._JAX, "compiled", process.COMPILED_BETWEEN_LOOKS)
        wave = {"dispersion": [[300.0]], "survival": 300.0}[name]
        getattr(wc, name)(wc.Conductivity(np.full(8, 0.3), spacing=1e-3), wave)
        assert len(dropped) == 1

    def test_maps_are_counted(self):
        found = process.count_maps()
        assert found is not None
        assert 10 < found[0] < found[1]
