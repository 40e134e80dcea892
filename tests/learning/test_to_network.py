"""The classifier as a network: what it is made of, and that integrating it gives its class."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest
import xarray as xr
from sklearn.datasets import load_wine

from wetcow import Mode, datasets, load_run, response, save_run, simulate
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.dynamics.build import build_network
from wetcow.learning.dynamics.network import RANDOM_OMEGA, SETTLING_TIME, LearnedNetwork
from wetcow.learning.dynamics.random_modes import draw_random_modes
from wetcow.learning.dynamics.readout import read_class
from wetcow.learning.model.activation import codes
from wetcow.learning.model.encoder import region_weights
from wetcow.learning.model.readout import directions


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load("digits")
    return X[:600], y[:600]


@pytest.fixture(scope="module")
def classifier(digits):
    return WaveClassifier(n_modes=16).fit(*digits)


@pytest.fixture(scope="module")
def held_out():
    return datasets.load("digits", split="test")


@pytest.fixture(scope="module")
def network(classifier, held_out):
    return network_of(classifier, held_out[0][0])


field = eqx.filter_jit(LearnedNetwork.field)
criticality = eqx.filter_jit(LearnedNetwork.criticality)


def mean_amplitude(c):
    with jax.enable_x64(True):
        return np.asarray(jax.jit(response)(c)[1])


def network_of(classifier, x, n_random=512):
    random = draw_random_modes(classifier.readout_, n_random)
    return build_network(classifier.hidden_, random, classifier.classes_, x)


def run_of(network, t1: float = SETTLING_TIME, **options: Any):
    options = {
        "num_samples": int(4 * t1) + 1,
        "dt": network.step,
        "precision": "single",
        "modes": network.class_indices,
    } | options
    return simulate(network, t1, **options)


def settled_traces(network):
    """Time averages that the traces fluctuate about, pooled apart from the network."""
    gamma = np.broadcast_to(network.hidden.gamma, network.n_hidden)
    omega = np.broadcast_to(network.hidden.omega, network.n_hidden)
    amplitude, rate = (np.asarray(code, np.float64) for code in codes(gamma, omega))
    both = amplitude + 1j * rate
    start, pooled = 0, []
    for bank in network.banks:
        part: np.ndarray = both[start : start + bank.n_hidden]
        part = part.reshape(bank.views, bank.rows, bank.columns, bank.n_modes)
        weights = (region_weights(size, bank.n_regions) for size in (bank.rows, bank.columns))
        seen = np.einsum("vijk,ri,sj->rsk", part, *weights) / bank.views
        pooled.append(seen.ravel())
        start += bank.n_hidden
    traces: Any = np.concatenate(pooled)
    parts = {"both": traces, "amplitude": traces.real + 0j, "rate": 1j * traces.imag}
    return parts[network.response]


def with_traces(network, traces):
    """A state whose random traces, too, are where they settle."""
    a = np.array(network.initial(), complex)
    first, second = network.n_hidden, network.n_hidden + network.n_traces
    a[first:second] = traces
    driven = np.asarray(network.direction(a)) @ network.drive - float(network.threshold)
    unit = RANDOM_OMEGA / float(network.random_omega)
    means = np.asarray(codes(driven, network.random_omega)[0]) * unit
    a[second + network.n_random : second + 2 * network.n_random] = means
    return a


def closed_form(classifier, X, n_random=512):
    """What the random modes of `network_of` say once all is settled."""
    modes = draw_random_modes(classifier.readout_, n_random)
    rows = np.asarray(X).reshape(len(X), -1)
    return modes.criticality(directions(modes.projection, classifier.hidden_.codes(rows)))


def traces_part(traces):
    """Codes of a network with one bank, both of each mode: amplitudes, then rates."""
    return np.concatenate([traces.real, traces.imag])


def run_of_classes(network, cr, t1=60.0, precision="double"):
    """What class modes of constant criticality would do."""
    omega = float(network.class_omega)
    modes = Mode(2 * omega * np.asarray(cr), omega)
    dt = 0.99 / float(modes.rate())  # adaptive steps leave the fastest mode at their tolerance
    run = simulate(modes, t1, num_samples=int(8 * t1) + 1, dt=dt, precision=precision)
    return run.assign_coords(mode=network.class_indices)


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"response": "rate", "mirror": True, "n_regions": 2},  # even regions of 4×4 positions
        # Two banks, of different frequencies.
        {"response": "amplitude", "patch_size": [3, 5], "frame": "seven"},
    ],
    ids=str,
)
def test_settled_codes_give_the_closed_form(digits, held_out, parameters):
    X, y = digits
    clf = WaveClassifier(n_modes=8, **parameters).fit(X[:200], y[:200])
    for x in held_out[0][:2]:
        network = network_of(clf, x)
        found = criticality(network, with_traces(network, settled_traces(network)))
        np.testing.assert_allclose(found, closed_form(clf, x[None])[0], atol=2e-4)


@pytest.mark.slow
def test_tables_have_networks_too():
    X, y = load_wine(return_X_y=True)
    clf = WaveClassifier().fit(X, y)
    network = network_of(clf, X[7], 4096)
    assert network.banks == () and network.size == 2 * 4096 + 3
    found = criticality(network, with_traces(network, np.zeros(0)))
    np.testing.assert_allclose(found, closed_form(clf, X[7:8], 4096)[0], atol=1e-4)
    np.testing.assert_allclose(found, clf.criticality(X[7:8])[0], atol=0.1)
    network = network_of(clf, X[7], 1024)  # of fewer modes, which are integrated
    found = criticality(network, with_traces(network, np.zeros(0)))
    reading = read_class(network, run_of(network))
    assert reading.label == clf.predict(X[7:8])[0]
    np.testing.assert_allclose(reading.criticality, found, atol=0.05)


@pytest.mark.slow
def test_silent_modes_do_not_turn(network):
    """A damped mode rings at ω; as a code its rate is zero."""
    silent = network.replace(gamma=-1.0, omega=1.0)
    a = with_traces(silent, 0)
    a[: silent.n_hidden] = 1e-4
    moving: Any = np.asarray(field(silent, a))[silent.n_hidden :][: silent.n_traces]
    assert np.abs(moving.imag).max() * float(silent.time_constant) < 1e-6
    a[: silent.n_hidden] = 0.05j  # cos φ = 0: the phase velocity is ω
    moving = np.asarray(field(silent, a))[silent.n_hidden :][: silent.n_traces]
    np.testing.assert_allclose(moving.imag * float(silent.time_constant), 1, rtol=5e-3)


@pytest.mark.slow
def test_hidden_modes_settle_on_the_codes_of_single_modes(network):
    c = np.asarray(network.hidden.gamma / network.hidden.omega)
    wanted = [-2.0, -0.5, 0.2, 0.6, 1.0, 1.4, 1.7, 2.5, 3.2, 4.0]
    some = np.array([np.abs(c - value).argmin() for value in wanted])
    run = run_of(network, 200.0, modes=some)
    late = np.abs(run.a.values[200:])
    window = np.hanning(len(late))[:, None]
    measured = (window * late).sum(axis=0) / window.sum()
    np.testing.assert_allclose(measured, mean_amplitude(c[some]), rtol=5e-3, atol=1e-5)


@pytest.mark.slow
def test_longer_runs_come_closer(classifier, held_out):
    x = held_out[0][3]
    network = network_of(classifier, x)
    closed = closed_form(classifier, x[None])[0]
    errors = [
        np.abs(read_class(network, run_of(network, t1)).criticality - closed)
        for t1 in (12.5, 200.0)
    ]
    measured = np.isfinite(errors[1])
    assert measured.sum() >= 5
    assert errors[1][measured].max() < 0.3 * errors[0].max()


@pytest.mark.slow
def test_random_initial_phases_need_a_seed_and_spare_the_traces(network):
    first, second = network.n_hidden, network.n_hidden + network.n_traces
    plain, random = network.initial(), network.initial(jax.random.key(1))
    np.testing.assert_array_equal(plain[first:second], random[first:second])
    np.testing.assert_allclose(np.abs(random[:first]), 0.1, rtol=1e-6)
    assert np.ptp(np.angle(random[:first])) > 6
    # Silent random modes leave class modes their excitation without input.
    np.testing.assert_allclose(criticality(network, plain), network.class_gamma, atol=1e-5)


@pytest.mark.slow
def test_the_more_random_modes_the_closer_to_the_continuum(classifier, held_out):
    X = held_out[0]
    wanted, labels = classifier.criticality(X), classifier.predict(X)
    errors, agreement = [], []
    for n_random in (256, 1024, 4096):
        found = closed_form(classifier, X, n_random)
        errors.append(np.sqrt(np.mean((found - wanted) ** 2)))
        agreement.append(np.mean(classifier.classes_[found.argmax(axis=1)] == labels))
    assert errors[0] > errors[1] > 1.5 * errors[2]
    assert agreement[0] < agreement[1] < agreement[2] and agreement[2] > 0.98


@pytest.mark.slow
def test_random_modes_of_landmarks_answer_as_these(digits):
    X, y = digits
    clf = WaveClassifier(n_modes=8, n_memories=100).fit(X[:300], y[:300])
    found = closed_form(clf, X[:300], 4096).argmax(axis=1)
    assert np.mean(clf.classes_[found] == clf.predict(X[:300])) > 0.95


@pytest.mark.slow
def test_reading_measures_criticality_in_any_state(network):
    cr = np.array([-2.0, -0.5, -0.01, 0.0, 0.1, 0.4, 0.8, 0.99, 1.1, 1.6])
    reading = read_class(network, run_of_classes(network, cr))
    np.testing.assert_allclose(reading.criticality, cr, atol=2e-3)
    assert reading.label == network.classes[-1]
    settled = mean_amplitude(2 * cr)
    clear = np.abs(cr) > 0.05
    np.testing.assert_allclose(reading.amplitude[clear], settled[clear], rtol=0.05, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("highest", [-0.1, -3.0])
def test_of_silent_modes_the_slowest_is_read(network, highest):
    """Also if all vanished altogether in single precision."""
    cr = highest - 0.3 * np.arange(10)
    cr[[0, 4]] = cr[[4, 0]]
    reading = read_class(network, run_of_classes(network, cr, precision="single"))
    assert reading.label == network.classes[4]
    assert np.isneginf(reading.criticality[8])


def test_one_sample_in_any_form(classifier, held_out):
    x = held_out[0][5]
    wanted = network_of(classifier, x).hidden.gamma
    for form in (x.ravel(), x[None], x.reshape(1, -1), x.astype(np.float64), x.tolist()):
        np.testing.assert_array_equal(network_of(classifier, form).hidden.gamma, wanted)


# Properties


@pytest.mark.slow
def test_field_is_that_of_its_parts(network, rng):
    traces = settled_traces(network)
    a = with_traces(network, traces * rng.uniform(0.5, 1.5, len(traces)))
    first, second = network.n_hidden, network.n_hidden + network.n_traces
    third, fourth = second + network.n_random, second + 2 * network.n_random
    a[second:third] *= rng.uniform(0.5, 5, network.n_random) * 1j
    a[:first] *= rng.uniform(0.5, 5, first) * np.exp(1j * rng.uniform(0, 2 * np.pi, first))
    with jax.enable_x64(True):
        moving = np.asarray(field(network, a))
        hidden = np.asarray(network.hidden.field(a[:first]))
        cr = np.asarray(criticality(network, a))
        driven = Mode(2 * network.class_omega * cr, network.class_omega)  # γ_c = 2 ω
        classes = np.asarray(driven.field(a[fourth:]))
        row = np.asarray(network.direction(a))
        drive = row @ network.drive - network.threshold
        random = np.asarray(Mode(drive / network.random_omega, 1.0).field(a[second:third]))
    np.testing.assert_allclose(moving[:first], hidden)
    np.testing.assert_allclose(moving[fourth:], classes)
    np.testing.assert_allclose(moving[second:third], random, rtol=1e-6, atol=1e-9)
    settling = (np.abs(a[second:third]) - a[third:fourth]) / network.time_constant
    np.testing.assert_allclose(moving[third:fourth], settling)
    # The projection is that of the classifier, of codes that are roots.
    means = np.maximum(traces_part(a[first:second]), 0)
    wanted = np.sqrt(means)
    along = wanted / np.linalg.norm(wanted) @ network.axes - network.origin
    np.testing.assert_allclose(row, along / np.linalg.norm(along), atol=1e-5)
    # All are far from silent: the phase velocity is that of [12].
    amplitude, phase = np.abs(a[:first]), np.angle(a[:first])
    velocity = network.hidden.omega + network.hidden.w_phi * amplitude * np.cos(phase)
    (bank,) = network.banks
    now = (amplitude + 1j * velocity).reshape(bank.rows, bank.columns, bank.n_modes)
    weights = region_weights(bank.rows, 3), region_weights(bank.columns, 3)
    now = np.einsum("ijk,ri,sj->rsk", now, *weights).ravel()
    wanted = (now - a[first:second]) / network.time_constant
    np.testing.assert_allclose(moving[first:second], wanted, rtol=2e-3, atol=2e-3)


def test_the_unit_of_time_is_that_of_the_hidden_modes(network):
    assert np.all(network.hidden.omega == 1)
    assert network.size == network.n_hidden + network.n_traces + 2 * 512 + 10
    assert network.n_hidden == 8 * 8 * 16
    assert network.class_indices.tolist() == list(range(network.size - 10, network.size))


@pytest.mark.slow
@pytest.mark.optimized
def test_integrated_class_is_that_of_the_closed_form(classifier, held_out):
    X = held_out[0][:4]
    closed = closed_form(classifier, X, 1024)
    random = draw_random_modes(classifier.readout_, 1024)
    labels, measured = [], []
    for x in X:
        network = build_network(classifier.hidden_, random, classifier.classes_, x)
        reading = read_class(network, run_of(network))
        labels.append(reading.label)
        measured.append(reading.criticality)
    assert np.mean(np.array(labels) == classifier.predict(X)) >= 3 / 4
    error = np.array(measured) - closed
    error = error[np.isfinite(error)]
    assert error.size > 0.9 * closed.size
    assert np.sqrt(np.mean(error**2)) < 0.05  # with ten draws of random modes 0.027 to 0.039
    assert abs(error.mean()) < 0.005


@pytest.mark.slow
def test_adaptive_steps_agree_with_fixed_ones(network):
    fixed, adaptive = (read_class(network, run_of(network, dt=dt)) for dt in (network.step, None))
    assert fixed.label == adaptive.label
    np.testing.assert_allclose(fixed.criticality, adaptive.criticality, atol=2e-3)
    np.testing.assert_allclose(fixed.amplitude, adaptive.amplitude, atol=5e-3)


def test_parameters_make_the_same_network(network):
    again = network.replace()
    assert again.parameters().keys() == network.parameters().keys()
    a = np.asarray(network.initial())
    np.testing.assert_array_equal(field(again, a), field(network, a))
    slower = network.replace(class_omega=1.0, time_constant=5.0)
    assert (slower.class_omega, slower.time_constant) == (1.0, 5.0)
    with pytest.raises(ValueError, match="has no parameter \\['damping'\\]"):
        network.replace(damping=1.0)


# Files


@pytest.mark.slow
def test_labels_may_be_words_and_runs_are_saved(classifier, held_out, tmp_path):
    words = np.array("zero one two three four five six seven eight nine".split())
    x, y = held_out[0][2], held_out[1][2]
    random = draw_random_modes(classifier.readout_, 512)
    network = build_network(classifier.hidden_, random, words, x)
    run = run_of(network)
    assert read_class(network, run).label == words[y]
    save_run(run, tmp_path / "run.nc")
    loaded = load_run(tmp_path / "run.nc")
    assert loaded.identical(run)
    again = LearnedNetwork(**{name: loaded.attrs[name] for name in network.parameters()})
    np.testing.assert_array_equal(run_of(again).a, run.a)


# Errors


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coupling": np.zeros((3, 10))}, "coupling must have shape"),
        ({"gamma": np.zeros(5)}, "gamma and omega must be numbers or arrays of the 1024"),
        ({"axes": np.zeros((3, 5))}, "axes must have shape|cannot reshape"),
        ({"threshold": np.zeros(2)}, "threshold must have shape"),
        ({"random_omega": -1.0}, "random_omega must be positive"),
        ({"time_constant": np.nan}, "time_constant must be finite"),
        ({"response": "analytic"}, "response must be one of"),
        ({"classes": [0, 1]}, "2 classes"),
    ],
)
def test_parameters_that_do_not_fit(network, change, message):
    with pytest.raises(ValueError, match=message):
        network.replace(**change)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 64)), r"one sample: x must have shape \(64,\) or \(8, 8\)"),
        (np.zeros((2, 8, 8)), "one sample"),
        (np.zeros(63), "one sample"),
        (np.zeros((4, 16)), "one sample"),
        (np.full(64, np.nan), "finite"),
        (np.full(64, "a"), "real numbers"),
        (np.zeros(64, complex), "real numbers"),
    ],
)
def test_no_other_input(classifier, x, message):
    with pytest.raises(ValueError, match=message):
        network_of(classifier, x)


@pytest.mark.parametrize("code", ["analytic", "relu"])
def test_no_network_without_waves(classifier, code):
    hidden = dataclasses.replace(classifier.hidden_, response=code)
    with pytest.raises(ValueError, match=f"response='{code}' has no network to integrate"):
        random = draw_random_modes(classifier.readout_, 16)
        build_network(hidden, random, classifier.classes_, np.zeros(64))


def test_reading_needs_the_class_modes_often_enough(network):
    run = run_of_classes(network, np.linspace(-1, 1, 10))
    with pytest.raises(ValueError, match="trajectories of all class modes"):
        read_class(network, run.isel(mode=slice(9)))
    with pytest.raises(ValueError, match="trajectories of all class modes"):
        read_class(network, xr.Dataset(coords=run.coords))
    with pytest.raises(ValueError, match="increase num_samples"):
        read_class(network, run.isel(time=slice(None, None, 8)))
    with pytest.raises(ValueError, match="increase num_samples"):
        read_class(network, run.isel(time=slice(20)))
    with pytest.raises(ValueError, match="last must be"):
        read_class(network, run, last=0.0)
