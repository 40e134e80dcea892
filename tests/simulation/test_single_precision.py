"""What single precision rounds is not time: late steps, volumes and seeds are those of double."""

import numpy as np
import pytest

import wetcow as wc

RELAXED = wc.Network(-0.6, [0.8, 1.0, 1.3], wc.Dense([[0, 0.25, 0.1], [0.05, 0, 0.3], [0.2, 0, 0]]))
DELAYED = wc.Network(
    RELAXED.modes.gamma, RELAXED.modes.omega, wc.Delayed(RELAXED.coupling.r, 0.7 - 0.7 * np.eye(3))
)
NOISY = {"noise": 0.01, "seed": 2, "dt": 0.1, "precision": "single"}


@pytest.mark.parametrize("system", [RELAXED, DELAYED], ids=["now", "delayed"])
@pytest.mark.parametrize("how", [{}, {"noise": 1e-9, "seed": 0}], ids=["smooth", "noisy"])
def test_late_steps_are_as_long_as_early_ones(system, how):
    """Half a million time units later, float32 knows times to 0.03; a step is 0.1."""
    runs = [
        wc.simulate(system, t0=t0, t1=t0 + 5, num_samples=6, dt=0.1, precision="single", **how)
        for t0 in (0.0, 5e5)
    ]
    early, late = (run.a.values for run in runs)
    assert np.abs(late - early).max() < 1e-5 * np.abs(early).max()


@pytest.mark.slow
@pytest.mark.parametrize("system", [RELAXED, DELAYED], ids=["now", "delayed"])
def test_noise_is_the_same_however_many_samples_and_wherever_it_is_cut(system, tmp_path):
    path, few = tmp_path / "run.zarr", {"num_samples": 14, "t1": 13.0}
    whole = wc.simulate(system, t1=40.0, num_samples=41, **NOISY).a.values
    dense = wc.simulate(system, t1=40.0, num_samples=401, **NOISY).a.values[::10]
    wc.simulate(system, path=path, **few, **NOISY)
    extended = wc.simulate(system, t1=40.0, num_samples=41, path=path, **NOISY).a.values
    for other in (dense, extended):
        assert np.abs(other - whole).max() < 1e-5 * np.abs(whole).max()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 2**40 + 5])
@pytest.mark.parametrize("precision", ["single", "double"])
def test_sweeps_start_and_are_disturbed_as_single_runs(precision, seed):
    """Seeds of more than 32 bits, too, of which each bit counts."""
    kw = {"t1": 4.0, "num_samples": 5, "noise": 0.01, "dt": 0.1, "precision": precision}
    one = wc.simulate(RELAXED, seed=seed, **kw).a.values
    several = wc.sweep(RELAXED, seed=[seed, seed ^ 2**33], **kw).a.values
    assert np.abs(several[0] - one).max() < 1e-6
    assert np.abs(several[1] - one).max() > 0.01


@pytest.mark.slow
def test_the_last_volume_is_taken():
    unit = 1 / (20 * np.pi)
    found = [
        wc.simulate(
            wc.Mode(1.5, 1.0),
            t1=50 * 0.72 / unit,
            num_samples=1001,
            dt=0.4,
            precision=precision,
            record=False,
            reduce={"bold": wc.Bold(tr=0.72, time_unit=unit)},
        ).bold.values[:, 0]
        for precision in ("single", "double")
    ]
    assert found[0].shape == (51,)
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-6)
