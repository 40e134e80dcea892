"""Fits: known parameters found again, properties of nulls, checkpoints, files, errors."""

import importlib

import conftest
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.array_files import read_arrays, write_arrays
from wetcow.fit import optimiser
from wetcow.fit.fitting import fit
from wetcow.fit.losses import objective_of
from wetcow.fit.model import Structure, starting_values
from wetcow.fit.nulls import KINDS, by_distance, null_structures, on_other_pairs, rewired
from wetcow.fit.optimiser import Problem
from wetcow.fit.parameters import layout_of
from wetcow.fit.uncertainty import hessian

SIZE = 6


def weights(rng, size=SIZE, share=0.7):
    """Symmetric weights of many orders, some of them zero, like those of a connectome."""
    w = np.exp(rng.normal(0, 1, (size, size))) * (rng.random((size, size)) < share)
    w = np.triu(w, 1) + np.triu(w, 1).T
    return w / np.linalg.norm(w, 2)


def net(rng, gamma=-1.5, omega=1.0, size=SIZE):
    return wc.Network(gamma, omega, wc.Dense(weights(rng, size) * np.exp(-0.3j)))


@pytest.fixture
def truth(rng):
    """A network of regions with different damping, and one without that knowledge."""
    blank = net(rng)
    gamma = rng.uniform(-1.8, -1.2, SIZE)
    return blank, blank.replace(gamma=gamma)


# Known answers.


@pytest.mark.slow
def test_damping_of_regions_is_found_again(truth):
    blank, true = truth
    found = fit(
        blank,
        wc.resting(true).correlation,
        parameters={"gamma": "region", "margin": "global"},
        steps=400,
        precision="double",
    )
    assert found.score > 0.99999
    np.testing.assert_allclose(found.network.modes.gamma, true.modes.gamma, rtol=0.02)
    assert found.parameters.margin == pytest.approx(wc.resting(true).margin, rel=0.05)


@pytest.mark.slow
def test_what_is_reported_is_what_the_network_does(truth):
    blank, true = truth
    data = wc.resting(true).correlation
    found = fit(blank, data, parameters={"gain": "region", "margin": "global"}, steps=20)
    rest = wc.resting(found.network, noise=found.noise)
    np.testing.assert_allclose(rest.covariance, found.resting.covariance, rtol=1e-8)
    assert rest.margin == pytest.approx(float(found.parameters.margin))
    agreement = wc.compare_connectivity(rest.correlation, data)
    assert found.score == pytest.approx(agreement.pearson, abs=1e-9)
    np.testing.assert_allclose(found.network.coupling.matrix().imag < 1e-12, True)


@pytest.mark.slow
def test_losses_fall_and_the_best_is_kept(truth):
    blank, true = truth
    found = fit(blank, wc.resting(true).correlation, steps=25)
    assert found.losses.shape == (25, 1, 1)
    least = 0.5 * np.log(1 - found.score)
    assert least <= found.losses[0, 0, 0] and least == pytest.approx(found.losses.min(), abs=1e-3)


@pytest.mark.slow
def test_more_kinds_of_data_are_fitted(truth):
    blank, true = truth
    rest, lags, nu = wc.resting(true), [0.1, 0.4], np.linspace(-2, 4, 9)
    data = {
        "power_fc": rest.power_correlation,
        "lagged_fc": xr.DataArray(
            rest.lagged_correlation(lags), {"lag": lags}, ("lag", "mode", "mode_from")
        ),
        "spectrum": xr.DataArray(rest.spectrum(nu), {"frequency": nu}, ("frequency", "mode")),
    }
    parameters = {"gamma": "region", "margin": "global"}
    equal = {kind: 1.0 for kind in data}
    found = fit(blank, data, loss=equal, parameters=parameters, steps=150)
    assert set(found.outcomes[0].scores) == set(data)
    assert min(found.outcomes[0].scores.values()) > 0.99


@pytest.mark.slow
def test_a_loss_of_ones_own(truth):
    blank, _ = truth

    def loss(rest):
        return (rest.margin - 0.7) ** 2 + jnp.abs(jnp.log(rest.power[0] / rest.power[1]))

    settings = {"parameters": {"noise": "region", "margin": "global"}, "precision": "double"}
    found = fit(blank, loss=loss, steps=300, learning_rate=0.02, **settings)
    assert float(found.parameters.margin) == pytest.approx(0.7, abs=0.05)
    power = wc.resting(found.network, noise=found.noise).power
    assert power[0] / power[1] == pytest.approx(1.0, abs=0.05)
    assert np.isnan(found.score) and "loss" in found.summary()


@pytest.mark.slow
def test_a_simulation_of_the_fitted_network_agrees(truth):
    blank, true = truth
    found = fit(blank, wc.resting(true).correlation, steps=60, noise=1e-4)
    runs = wc.sweep(found.network, t1=300.0, noise=1e-4, seed=range(8), dt=0.02)
    measured = wc.functional_connectivity(runs, "correlation").mean("seed").values
    assert wc.compare_connectivity(measured, found.resting.correlation).pearson > 0.97


# Independent computations.


def problem_of(network, data, parameters, **settings):
    starts = starting_values(network, np.full(network.size, 0.01))
    layout = layout_of(parameters, starts, network.size, settings.get("bounds"), None)
    fixed = {name: one for name, one in starts.items() if name not in parameters}
    objective = objective_of("fc", data, network.size)
    return Problem(layout=layout, fixed=fixed, objective=objective, num_independent=10.0)


@pytest.mark.slow
def test_gradients_as_finite_differences(truth, rng):
    blank, true = truth
    every = {"gamma": "region", "omega": "region", "gain": "region"}
    every |= {"coupling_scale": "global", "margin": "global"}
    data = wc.resting(true).correlation + 0.1 * np.ones((SIZE, SIZE))
    problem, structure = problem_of(blank, data, every), Structure.of(blank)
    c, change = (0.1 * rng.normal(size=problem.layout.count) for _ in range(2))
    with jax.enable_x64(True):
        loss = jax.jit(lambda c: problem.loss(c, structure))
        slope = jax.jit(jax.grad(loss))(jnp.asarray(c)) @ change
        wanted = [loss(jnp.asarray(c + h * change)) for h in (1e-5, -1e-5)]
    assert float(slope) == pytest.approx(float(wanted[0] - wanted[1]) / 2e-5, rel=1e-5)


@pytest.mark.slow
def test_standard_errors_are_the_curvature_of_the_posterior(truth, rng):
    blank, true = truth
    noisy = wc.resting(true).correlation
    noise = 0.03 * rng.normal(size=noisy.shape)
    noisy = noisy + noise + noise.T
    how = {"gain": np.arange(SIZE)[:, None] / SIZE, "margin": "global"}
    settings = {"steps": 200, "standard_errors": True, "num_independent": 10, "precision": "double"}
    found = fit(blank, noisy, parameters=how, **settings)
    # A margin is exp(c) times its start: its error is the margin times that of c.
    problem = problem_of(blank, noisy, how)
    start = starting_values(blank, np.full(SIZE, 0.01))["margin"][0]
    slope = float(np.log(found.parameters.gain[-1]) * SIZE / (SIZE - 1))
    c = np.array([slope, np.log(float(found.parameters.margin) / start)])
    structure = Structure.of(blank)
    compiled = jax.jit(lambda c: problem.loss(c, structure))

    def loss(c):
        with jax.enable_x64(True):
            return float(compiled(jnp.asarray(c)))

    h = 1e-3
    e = h * np.eye(2)
    second = [
        [
            (loss(c + e[i] + e[j]) - loss(c + e[i] - e[j]) - loss(c - e[i] + e[j])
             + loss(c - e[i] - e[j])) / (4 * h**2)
            for j in range(2)
        ]
        for i in range(2)
    ]  # fmt: skip
    np.testing.assert_allclose(hessian(problem, structure, c), second, rtol=1e-2)
    errors = np.sqrt(np.diag(np.linalg.inv(10 * np.array(second))))
    wanted = float(found.parameters.margin) * errors[1]
    assert float(found.parameters.margin_standard_error) == pytest.approx(wanted, rel=0.05)


# Properties of parameters.


@pytest.mark.slow
def test_maps_tie_regions_linearly(truth, rng):
    blank, true = truth
    maps = rng.normal(size=(SIZE, 2))
    how = {"gain": maps, "margin": "global"}
    found = fit(blank, wc.resting(true).correlation, parameters=how, steps=20)
    logs = np.log(found.parameters.gain.values)
    np.testing.assert_allclose(maps @ np.linalg.lstsq(maps, logs, rcond=None)[0], logs, atol=1e-6)
    assert found.num_parameters == 3 and np.ptp(logs) > 0


@pytest.mark.slow
def test_bounds_are_kept(truth):
    blank, true = truth
    found = fit(
        blank,
        wc.resting(true).correlation,
        parameters={"gain": "region", "omega": "region"},
        bounds={"gain": (0.8, 1.25), "omega": (0.5, 1.5)},
        steps=40,
        learning_rate=1.0,
    )
    for name, (low, high) in {"gain": (0.8, 1.25), "omega": (0.5, 1.5)}.items():
        values = found.parameters[name].values
        assert np.all(values > low) and np.all(values < high) and np.ptp(values) > 0.1


@pytest.mark.slow
def test_betas_are_those_of_adam(truth, tmp_path):
    """Its first step hardly differs; what follows does, and is not mixed in a checkpoint."""
    blank, true = truth
    data, path = wc.resting(true).correlation, tmp_path / "fit.npz"
    losses = [
        fit(blank, data, steps=20, betas=betas, path=one).losses[:, 0, 0]
        for betas, one in (((0.9, 0.999), path), ((0.5, 0.9), None))
    ]
    np.testing.assert_allclose(losses[0][:2], losses[1][:2], rtol=1e-4)
    assert abs(losses[0][5] / losses[1][5] - 1) > 1e-3
    with pytest.raises(FileExistsError, match="other data or settings"):
        fit(blank, data, steps=20, betas=(0.5, 0.9), path=path)


@pytest.mark.parametrize("betas", [0.9, (0.9, 1.0), (-0.1, 0.9), (0.9, 0.9, 0.9), (0.9, np.nan)])
def test_betas_must_be_shares(truth, betas):
    with pytest.raises(ValueError, match="betas must"):
        fit(truth[0], wc.resting(truth[1]).correlation, betas=betas)


@pytest.mark.slow
def test_priors_hold_back(truth):
    blank, true = truth
    settings = {"parameters": {"gain": "region"}, "steps": 40}
    data = wc.resting(true).correlation
    free = fit(blank, data, **settings).parameters.gain.values
    held = fit(blank, data, priors={"gain": 0.01}, **settings).parameters.gain.values
    assert np.std(np.log(held)) < 0.3 * np.std(np.log(free))


@pytest.mark.slow
def test_the_network_may_start_beyond_onset(rng):
    wild = net(rng, gamma=0.5)
    data = wc.resting(wild.replace(gamma=-1.2)).correlation
    assert fit(wild, data, steps=60).score > 0.99


@pytest.mark.slow
def test_delays_are_scaled(rng):
    w = weights(rng)
    delays = np.where(w > 0, rng.uniform(0.1, 1.0, w.shape), 0.0)
    blank = wc.Network(-1.2, 1.0, wc.Delayed(w, delays))
    true = wc.Network(-1.2, 1.0, wc.Delayed(w, 2 * delays))
    data = wc.resting(true, delays="phase").correlation
    how = {"delay_scale": "global", "margin": "global"}
    found = fit(blank, data, parameters=how, steps=300, precision="double")
    assert float(found.parameters.delay_scale) == pytest.approx(2.0, rel=0.05)
    np.testing.assert_allclose(
        found.network.coupling.delay, float(found.parameters.delay_scale) * delays
    )


@pytest.mark.slow
def test_the_best_of_several_starts_counts(truth):
    blank, true = truth
    data = wc.resting(true).correlation
    one, three = (fit(blank, data, starts=n, steps=15, precision="double") for n in (1, 3))
    assert three.losses.shape == (15, 1, 3)
    np.testing.assert_allclose(three.losses[:, :, :1], one.losses, atol=1e-8)
    assert three.score >= one.score - 1e-5


# Properties of nulls.


def test_nulls_keep_what_they_should(rng):
    w = weights(rng, 20, 0.4)
    distance = rng.random((20, 20))
    distance = distance + distance.T
    upper = np.triu_indices(20, 1)
    for null in (on_other_pairs(w, rng), by_distance(w, distance), rewired(w, rng)):
        np.testing.assert_allclose(np.sort(null[upper]), np.sort(w[upper]))
        np.testing.assert_array_equal(null, null.T)
        assert not np.allclose(null, w) and np.all(np.diagonal(null) == 0)
    near = by_distance(w, distance)
    assert np.all(np.diff(near[upper][np.argsort(distance[upper])]) <= 0)
    same = rewired(w, rng)
    np.testing.assert_array_equal((same > 0).sum(axis=0), (w > 0).sum(axis=0))
    strengths = [np.corrcoef(x.sum(0), w.sum(0))[0, 1] for x in (same, on_other_pairs(w, rng))]
    assert strengths[0] > 0.9 > strengths[1]


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_rewired_directed_and_dense_networks(rng, share):
    w = np.exp(rng.normal(size=(15, 15))) * (rng.random((15, 15)) < share)
    np.fill_diagonal(w, 0)
    null = rewired(w, rng)
    for axis in (0, 1):
        np.testing.assert_array_equal((null > 0).sum(axis=axis), (w > 0).sum(axis=axis))
    np.testing.assert_allclose(np.sort(null.ravel()), np.sort(w.ravel()))


def test_shuffled_regions_are_the_same_network_under_other_names(rng):
    structure = Structure.of(net(rng))
    [(name, null)] = null_structures(structure, "shuffled", None, seed=3)
    found, wanted = (np.sort_complex(np.linalg.eigvals(one.r)) for one in (null, structure))
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert name == "shuffled" and not np.allclose(null.r, structure.r)


@pytest.mark.slow
def test_the_connectome_leads_where_it_made_the_data(rng):
    blank = net(rng, size=12)
    data = wc.resting(blank.replace(gamma=-1.2)).correlation
    distance = rng.random((12, 12))
    found = fit(blank, data, nulls=KINDS, distance=distance, held_out=data, steps=40)
    assert found.score > 0.99 and set(found.nulls) == set(KINDS)
    assert found.lead > 0.2
    assert found.held_out == pytest.approx(found.score) and found.ceiling == pytest.approx(1.0)
    text = found.summary()
    assert "other subjects" in text and "leads the best null" in text
    again = fit(blank, data, steps=40)
    np.testing.assert_allclose(again.score, found.score, atol=1e-4)  # nulls change nothing


@pytest.mark.slow
def test_a_connectome_that_explains_nothing_does_not_lead(truth):
    blank, true = truth
    found = fit(blank, wc.resting(true).correlation, steps=2)
    null = found.outcomes[0]._replace(name="random", scores={"fc": 0.9999999})
    worse = found._replace(outcomes=(found.outcomes[0], null))
    assert worse.lead < 0 and "explains nothing" in worse.summary()
    assert found.lead is None and "null" not in found.summary()


# Files.


@pytest.mark.slow
def test_an_interrupted_fit_goes_on_to_the_same_result(truth, tmp_path, monkeypatch):
    blank, true = truth
    data, path = wc.resting(true).correlation, tmp_path / "fit.npz"
    whole = fit(blank, data, steps=35)
    with conftest.interrupted(monkeypatch, optimiser, "wait", 3):
        fit(blank, data, steps=35, path=path)
    calls = []
    monkeypatch.setattr(optimiser, "wait", lambda tree: calls.append(1))
    resumed = fit(blank, data, steps=35, path=path)
    assert len(calls) == 2
    np.testing.assert_array_equal(resumed.losses, whole.losses)
    assert resumed.score == whole.score
    with pytest.raises(FileExistsError, match="other data or settings"):
        fit(blank, data, steps=36, path=path)
    saved = read_arrays(path)
    for other in (saved["state"][:-4], np.append(saved["state"], np.uint8(0))):
        write_arrays(path, saved | {"state": other})
        with pytest.raises(FileExistsError, match="another state"):
            fit(blank, data, steps=35, path=path)
    path.write_bytes(b"something else")
    with pytest.raises(FileExistsError, match="no checkpoint"):
        fit(blank, data, steps=35, path=path)


@pytest.mark.slow
def test_losses_of_ones_own_are_told_apart_by_what_they_compute(truth, tmp_path):
    blank, _ = truth

    def loss(scale):
        return lambda rest: scale * jnp.sum(rest.correlation**2)

    settings = {"steps": 10, "path": tmp_path / "fit.npz"}
    found = fit(blank, loss=loss(1.0), **settings)
    np.testing.assert_array_equal(fit(blank, loss=loss(1.0), **settings).losses, found.losses)
    with pytest.raises(FileExistsError, match="other data or settings"):
        fit(blank, loss=loss(2.0), **settings)


@pytest.fixture
def saved(truth, tmp_path):
    """A fit with its checkpoint and its file."""
    blank, true = truth
    data, files = wc.resting(true).correlation, (tmp_path / "fit.npz", tmp_path / "fit.nc")
    found = fit(blank, data, steps=10, path=files[0])
    found.save(files[1])
    return blank, data, found, files


@pytest.mark.slow
def test_damaged_files_of_fits_are_refused(saved):
    blank, data, found, files = saved
    rng = np.random.default_rng(0)

    def again(path):
        return fit(blank, data, steps=10, path=path)

    for path, read in zip(files, (again, wc.Fitted.load), strict=True):
        whole = path.read_bytes()
        for place in rng.integers(len(whole), size=40):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(damaged)
            try:
                read_again = read(path)
            except (ValueError, FileExistsError) as error:
                assert str(path) in str(error)
            else:
                np.testing.assert_array_equal(read_again.losses, found.losses)
                np.testing.assert_array_equal(read_again.noise, found.noise)
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises((ValueError, FileExistsError), match="damaged"):
            read(path)


@pytest.mark.slow
def test_fits_are_saved_and_loaded(truth, tmp_path):
    blank, true = truth
    data = wc.resting(true).correlation
    found = fit(blank, data, nulls={"random": 2}, held_out=data, steps=10)
    found.save(tmp_path / "fit.nc")
    loaded = wc.Fitted.load(tmp_path / "fit.nc")
    assert loaded.summary() == found.summary()
    xr.testing.assert_allclose(loaded.parameters, found.parameters)
    np.testing.assert_allclose(loaded.network.coupling.matrix(), found.network.coupling.matrix())
    np.testing.assert_allclose(loaded.resting.correlation, found.resting.correlation)
    xr.Dataset({"a": 1}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="no fit"):
        wc.Fitted.load(tmp_path / "other.nc")


@pytest.mark.slow
def test_the_picture_of_a_fit(truth):
    blank, true = truth
    data = wc.resting(true).correlation
    found = fit(blank, data, nulls=("random",), held_out=data, steps=10)
    assert len(found.plot(data).axes) == 4  # with the colour bar


def test_the_function_keeps_its_name_beside_the_room():
    importlib.import_module("wetcow.fit.nulls")
    assert wc.fit is fit


# Errors.


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"parameters": {"gamma": "global"}}, "margin from criticality"),
        ({"parameters": {"margin": "region"}}, "one number of the whole network"),
        ({"parameters": {"gain": "regions"}}, "'global', 'region' or an array"),
        ({"parameters": {"gain": np.ones((3, 1))}}, "one row for each of the 6 regions"),
        ({"parameters": {"gain": np.ones((6, 2))}}, "not independent"),
        ({"parameters": {"delay_scale": "global"}}, "needs delays"),
        ({"parameters": {}}, "empty"),
        ({"bounds": {"margin": (5, 1)}}, "low < high"),
        ({"bounds": {"coupling_scale": (2, 3)}}, "not between its bounds"),
        ({"priors": {"margin": -1}}, "positive"),
        ({"loss": "bold"}, "loss must be of"),
        ({"loss": {"fc": 1.0, "spectrum": 1.0}}, "several losses need several data"),
        ({"loss": "spectrum"}, "coordinate 'frequency'"),
        ({"nulls": ("rotated",)}, "nulls must be of"),
        ({"nulls": ("distance",)}, "needs distance="),
        ({"noise": 0.0}, "noise must be a positive number"),
        ({"precision": "half"}, "precision"),
        ({"held_out": np.ones((3, 3))}, "for the 6 regions"),
        ({"steps": 0}, "steps"),
        ({"seed": -1}, "seed must be an integer of at least 0"),
        ({"loss": {}}, "loss must be of"),
        ({"loss": 3}, "loss must be of"),
        ({"parameters": 3}, "parameters must be a dict"),
        ({"bounds": [(0, 1)]}, "bounds must be a dict"),
        ({"nulls": 2}, "nulls must be of"),
        ({"bounds": {"gamma": (-2, -1)}}, "'gamma' has bounds or a prior but is not fitted"),
        ({"held_out": np.full((SIZE, SIZE), np.nan)}, "the held_out needs three or more finite"),
    ],
)
def test_what_makes_no_sense_is_said_before_any_work(truth, settings, message, monkeypatch):
    blank, true = truth
    monkeypatch.setattr(importlib.import_module("wetcow.fit.fitting"), "minimise", None)
    with pytest.raises(ValueError, match=message):
        fit(blank, wc.resting(true).correlation, **settings)


def test_a_loss_is_one_number(truth):
    blank, _ = truth
    with pytest.raises(ValueError, match=r"one real number, got float32 of shape \(6, 6\)"):
        fit(blank, loss=lambda rest: rest.correlation, steps=2)


def test_names_are_suggested(truth):
    blank, _ = truth
    with pytest.raises(TypeError, match="did you mean coupling_scale"):
        fit(blank, np.eye(SIZE), parameters={"coupling_strength": "global"})
    with pytest.raises(TypeError, match="to_network"):
        fit(wc.Connectome(weights(np.random.default_rng(0))), np.eye(SIZE))


def test_a_loss_that_is_nan_is_an_error(truth):
    blank, _ = truth
    with pytest.raises(ValueError, match="not finite at any step"):
        fit(blank, loss=lambda rest: jnp.nan * rest.margin, steps=3)
