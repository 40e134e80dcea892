"""What the explorer shows, without a browser: beside other ways to know it."""

import conftest
import numpy as np
import pytest
from typer.testing import CliRunner

import wetcow as wc
from wetcow import datasets
from wetcow.cli import app
from wetcow.explore.model import SHIPPED, load_model
from wetcow.explore.views.brain import look_at_brain
from wetcow.explore.views.drawing import PEN, answer_drawing, paint
from wetcow.explore.views.memory import first_common_spike, look_at_memory, read_frequencies
from wetcow.explore.views.mode import look_at_mode
from wetcow.explore.views.network import MOST_SHOWN_MODES, look_at_network, when_synchronous
from wetcow.explore.views.runs import number_text, phases, wrapped
from wetcow.explore.views.tissue import look_at_tissue
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.io.container import FORMAT_VERSION, read_model


def executed(code):
    """Names that the code of a view defines."""
    names = {}
    exec(code, names)
    return names


def same_network(view, names):
    assert float(names["order"][-1]) == pytest.approx(view.order[-1], rel=1e-6, nan_ok=True)
    assert float(names["mean_order"]) == pytest.approx(view.mean_order, rel=1e-6, nan_ok=True)
    periods = float(names["periods"])
    assert periods == pytest.approx(view.time_to_synchrony, abs=0.01, nan_ok=True)
    np.testing.assert_allclose(names["frequencies"], view.frequencies, rtol=1e-6)


@pytest.fixture(scope="module")
def fitted():
    X, y = datasets.load("digits")
    return WaveClassifier(n_modes=64).fit(X, y)


# Known answers


@pytest.mark.parametrize("gamma", [0.25, 0.5, 1.0, 1.5, 1.89])
def test_integrated_rate_is_the_exact_one_and_the_paper_s_is_too_high(gamma):
    view = look_at_mode(gamma)
    assert view.frequencies["integrated"] == pytest.approx(view.frequencies["exact"], rel=2e-3)
    assert view.frequencies["analytic"] == pytest.approx(np.sqrt(1 - (gamma / 2) ** 2))
    assert view.frequencies["analytic"] > view.frequencies["exact"]
    # The curves pass through what is said of the mode.
    for name, curve in view.curves.items():
        at = np.interp(gamma, view.curve_gamma, curve)
        assert at == pytest.approx(view.frequencies[name], abs=0.01)


def test_other_constants_move_the_critical_point():
    usual, other = look_at_mode(1.5), look_at_mode(1.5, w_phi=1.0)
    assert other.critical_gamma == pytest.approx(usual.critical_gamma * np.sqrt(5))
    assert other.criticality < usual.criticality == 0.75


@pytest.mark.parametrize(
    "gamma, said, last",
    [(-0.3, "silent", 0.0), (2.4, "beyond criticality", None), (0.1, "spiking", None)],
)
def test_regimes(gamma, said, last):
    view = look_at_mode(gamma)
    assert view.regime.startswith(said)
    if said == "silent":
        assert view.amplitude[-1] < 1e-10 and view.frequencies["integrated"] == 0
    if said == "beyond criticality":
        assert view.frequencies["integrated"] == 0
        assert np.ptp(view.amplitude[-500:]) < 1e-6 < view.amplitude[-1]


@pytest.mark.parametrize("gamma, exact", [(1.95, 0.16664), (1.99, 0.07184), (1.995, 0.05029)])
def test_near_criticality_runs_are_long_enough(gamma, exact):
    """Known from theory's table of integrated limit cycles."""
    frequencies = look_at_mode(gamma).frequencies
    assert frequencies["exact"] == pytest.approx(exact, rel=2e-4)
    assert frequencies["integrated"] == pytest.approx(exact, rel=1e-3)


@pytest.mark.slow
def test_what_no_run_can_say_is_not_said():
    view = look_at_mode(2.0)  # at criticality itself
    assert np.isnan(view.frequencies["integrated"]) and view.regime.startswith("critical")
    assert number_text(view.frequencies["integrated"]) == "too few spikes to say"
    assert number_text(-1e-9) == "0.0000" and number_text(-0.0004, 3) == "0.000"


@pytest.mark.parametrize("gamma, omega", [(-0.3, 1.0), (1.5, 1.0), (1.5, 0.76), (2.4, 1.0)])
def test_numbers_of_a_mode_are_those_of_its_code(gamma, omega):
    view = look_at_mode(gamma, omega)
    names = executed(view.code)
    assert float(names["criticality"]) == view.criticality
    assert float(names["critical_gamma"]) == view.critical_gamma
    for name, rate in view.frequencies.items():
        assert float(names["rates"][name]) == pytest.approx(rate, rel=1e-9, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings, regime",
    [
        ({"strength": 0.0}, "incoherent"),
        ({"strength": 1.0}, "synchronous"),
        ({"strength": 0.0, "gamma": 2.5, "spread": 0.2}, "beyond criticality"),
        ({"strength": 0.3, "gamma": -0.5}, "silent"),
    ],
)
def test_numbers_of_a_network_are_those_of_its_code(settings, regime):
    view = look_at_network(10, **settings)
    assert view.regime.startswith(regime)
    same_network(view, executed(view.code))
    if regime in ("silent", "beyond criticality"):
        assert view.silent_share == 1 and np.isnan(view.mean_order)
        assert when_synchronous(view) == "not defined: fewer than two modes move"
    if regime == "synchronous":  # but r keeps below 0.99 again and again
        assert when_synchronous(view).startswith("not in 100 time units: r from 0.9")


@pytest.mark.slow
def test_a_pulse_silences_a_network_for_a_while(tmp_path):
    """Its code and its configuration file have the pulse, too."""
    view = look_at_network(6, 1.0, pulse=2.4, start=40.0, length=30.0)
    assert view.pulsed == (40.0, 70.0) and view.time[-1] == 200.0
    size = np.abs(view.motion)
    late, during = (view.time > 90), (view.time > 55) & (view.time < 70)
    moving = [np.ptp(view.motion[some], axis=0).min() for some in (during, late)]
    assert moving[0] < 0.05 and moving[1] > 0.2 and size.max() < 10
    names = executed(view.code)
    same_network(view, names)
    file = tmp_path / "pulse.toml"
    file.write_text(view.configuration, encoding="utf-8")
    done = CliRunner().invoke(app, ["simulate", str(file), "--out", str(tmp_path / "run.nc")])
    assert done.exit_code == 0, done.output
    again = wc.load_run(tmp_path / "run.nc")
    np.testing.assert_allclose(again.a, names["run"].a, atol=1e-9)
    with pytest.raises(ValueError, match="must end by 200"):
        look_at_network(6, 1.0, pulse=1.0, start=150.0, length=60.0)


@pytest.mark.slow
def test_memory_near_criticality_replays_and_the_target_spikes_with_it():
    omega = np.linspace(0.1, 1.9, 10)
    view = look_at_memory(omega, 1.95)
    assert view.replaying.all() and view.network.regime == "synchronous"
    names = executed(view.network.code)
    same_network(view.network, names)
    np.testing.assert_array_equal(names["replaying"], view.replaying)
    late = view.network.time > view.common_spike + 20
    mean = view.network.motion[late].mean(axis=1)
    assert np.corrcoef(view.target[late], mean)[0, 1] > 0.999


@pytest.mark.parametrize(
    "view",
    [
        lambda: look_at_mode(1.5, 0.76),
        pytest.param(lambda: look_at_network(4, 0.3, delta=0.2), marks=pytest.mark.slow),
        pytest.param(
            lambda: look_at_memory(np.linspace(0.5, 1.5, 4), max_weight=0.5),
            marks=pytest.mark.slow,
        ),
        pytest.param(look_at_brain, marks=pytest.mark.slow),
    ],
)
def test_configurations_give_the_run(view, tmp_path):
    seen = view()
    path, out = tmp_path / "page.toml", tmp_path / "run.nc"
    path.write_text(seen.configuration, encoding="utf-8")
    done = CliRunner().invoke(app, ["simulate", str(path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    run = wc.load_run(out)
    np.testing.assert_allclose(run.a.values[:400], seen.run.a.values[:400], atol=1e-9)


@pytest.mark.slow
def test_a_brain_in_step_slows_down_and_slow_tracts_part_it():
    together = look_at_brain(speed=20.0, strength=0.8, gamma=0.2)
    names = executed(together.code)
    same_network(together.network, names)
    for name in ("hertz", "spectrum", "spectrum_hertz"):
        np.testing.assert_allclose(names[name], getattr(together, name), rtol=1e-6)
    assert together.network.regime == "synchronous" and together.network.mean_order > 0.9
    # All power is at the common rate and its harmonics.
    peak = together.spectrum_hertz[together.spectrum.argmax()]
    assert peak == pytest.approx(together.hertz.mean(), abs=together.spectrum_hertz[1])
    assert together.hertz.mean() < 8
    apart = look_at_brain(speed=1.5, strength=0.8, gamma=0.2)
    assert apart.network.mean_order < 0.3 and apart.hertz.mean() > 8
    assert apart.regions[0] == "l01" and apart.positions.shape == (76, 3)


def test_waves_across_fibres_last_longer_than_along_them():
    across, along, uniform = (
        look_at_tissue(0.1, angle=45.0),
        look_at_tissue(0.1, angle=135.0),
        look_at_tissue(1.0),
    )
    assert across.energy[-1] > 10 * across.uniform[-1] > 100 * along.energy[-1]
    np.testing.assert_allclose(uniform.energy, uniform.uniform, rtol=1e-6)
    # [5] at the middle of the bundle: k along its fibres is damped by 1 S/m, across by 0.1.
    assert along.gamma / across.gamma == pytest.approx(10, rel=1e-3)
    assert across.omega > 0 and along.omega == pytest.approx(0, abs=1e-6) and uniform.omega == 0
    names = executed(across.code)
    np.testing.assert_allclose(names["energy"], across.energy, rtol=1e-9)
    np.testing.assert_allclose(names["uniform"], across.uniform, rtol=1e-9)
    assert float(names["waves"].omega[0]) == pytest.approx(across.omega)
    with pytest.raises(ValueError, match="across must be"):
        look_at_tissue(0.0)
    with pytest.raises(ValueError, match="wavelength"):
        look_at_tissue(wavelength=-1.0)


def test_first_common_spike():
    spikes = [np.array([1.0, 9.0, 19.1]), np.array([4.0, 9.2, 19.0])]
    assert first_common_spike(spikes, 10.0) == pytest.approx(9.1)
    assert np.isnan(first_common_spike(spikes, 0.5))
    assert np.isnan(first_common_spike([spikes[0], np.empty(0)], 10.0))


def test_wrapped_phase_has_gaps_where_it_jumps():
    phase = np.linspace(0, 20, 500)
    seen = wrapped(phase)
    assert np.nanmax(np.abs(seen)) <= np.pi and np.isnan(seen).sum() == 3
    kept = ~np.isnan(seen)
    np.testing.assert_allclose(np.exp(1j * seen[kept]), np.exp(1j * phase[kept]))


def test_coupling_synchronizes_and_its_absence_does_not():
    together, apart = look_at_network(MOST_SHOWN_MODES, 1.0), look_at_network(MOST_SHOWN_MODES, 0.0)
    assert together.mean_order > 0.9 and np.ptp(together.frequencies) < 1e-3
    assert together.frequencies.min() > 0.1  # they are not silent together
    assert apart.order[-1000:].mean() < 0.5 and np.ptp(apart.frequencies) > 0.5
    with pytest.raises(ValueError, match="size must be from 2"):
        look_at_network(MOST_SHOWN_MODES + 1, 1.0)
    with pytest.raises(ValueError, match="spread"):
        look_at_network(4, 1.0, spread=1.0)


def test_ten_modes_replay_what_they_remember():
    omega = np.linspace(0.1, 1.9, 10)
    view = look_at_memory(omega, 1.7, seed=3)
    exact = float(wc.Mode(1.7).spiking_frequency())
    assert view.target_frequency == exact and view.replaying.all()
    np.testing.assert_allclose(view.network.frequencies, exact, rtol=0.005)
    # [29] and [30] with the sign that follows from [20].
    total = (view.weight * np.exp(-1j * view.delta)).sum(axis=1)
    np.testing.assert_allclose(total, (1.7 - 0.4) + 1j * (1 - omega), atol=1e-9)
    assert view.weight.max() <= 0.2 * (1 + 1e-9)
    assert np.abs(view.delta[view.weight > 1e-12]).max() <= np.pi / 2 + 1e-9


def test_a_stroke_has_the_pen_s_width_and_round_ends():
    ink = paint([[(0.2, 0.5), (0.8, 0.5)]])
    rows = np.flatnonzero(ink[:, 140])
    assert len(rows) == pytest.approx(PEN * 280, abs=2)
    area = 0.6 * PEN + np.pi * (PEN / 2) ** 2
    assert ink.mean() == pytest.approx(area, rel=0.03)
    assert paint([]) is None and paint([[(2.0, 2.0)]]) is None
    assert paint([[(0.5, 0.5)]]).sum() > 0  # a dot


@pytest.mark.slow
def test_position_and_size_of_a_drawing_do_not_matter(fitted):
    two = np.array([(0.25, 0.3), (0.35, 0.15), (0.6, 0.12), (0.72, 0.28), (0.6, 0.5), (0.25, 0.88)])
    two = np.vstack([two, (0.8, 0.88)])
    found = answer_drawing(fitted, [two.tolist()], fill=1.0)
    assert found.label == "2" and found.probabilities.sum() == pytest.approx(1)
    assert found.image.shape == (8, 8) and found.image.max() == 1
    moved = answer_drawing(fitted, [(two * 0.9 + 0.08).tolist()], fill=1.0)
    assert moved.label == "2"
    assert np.abs(moved.image - found.image).mean() < 0.05


@pytest.mark.slow
def test_scribbles_are_unlike_what_was_learned(fitted):
    rng = np.random.default_rng(0)
    scribble = answer_drawing(fitted, rng.uniform(0, 1, (12, 5, 2)).tolist(), fill=1.0)
    assert scribble.unlike_training and scribble.novelty > 1
    one = answer_drawing(fitted, [[(0.5, 0.1), (0.5, 0.9)]], fill=1.0)
    assert one.label == "1" and not one.unlike_training
    assert answer_drawing(fitted, []) is None


@pytest.mark.slow
def test_a_circle_is_a_certain_zero_and_a_scribble_is_not():
    model = load_model()  # that comes with wetcow

    def answer(*strokes):
        return answer_drawing(model.classifier, strokes, model.fill)

    turn = np.linspace(0, 2 * np.pi, 40)
    for radius in (0.2, 0.3, 0.4):
        circle = answer((0.5 + radius * np.column_stack([np.cos(turn), np.sin(turn)])).tolist())
        assert circle.label == "0" and circle.probabilities.max() > 0.99
        assert circle.novelty < 0.6
    two = [(0.25, 0.3), (0.35, 0.15), (0.6, 0.12), (0.72, 0.28), (0.6, 0.5), (0.25, 0.88)]
    assert answer([*two, (0.8, 0.88)]).label == "2"
    assert answer([(0.25, 0.15), (0.75, 0.15), (0.45, 0.9)]).label == "7"
    scribble = np.random.default_rng(0).uniform(0, 1, (12, 5, 2)).tolist()
    assert answer(*scribble).unlike_training


# An independent integrator or library


@pytest.mark.slow
def test_modes_beyond_the_size_do_not_matter():
    view = look_at_network(3, 0.8, delta=0.4, gamma=0.3, spread=0.1, seed=5)
    coupling = 0.8 / 3 * np.exp(-0.4j) * (1 - np.eye(3))
    start = phases(5, 3)
    # Another integrator, of the polar equations, and no other modes.
    a = conftest.polar_solution(wc.Mode(0.3, [0.9, 1.0, 1.1]), start, view.time, coupling)
    np.testing.assert_allclose(view.motion, a.real, atol=1e-4)
    order = np.abs((a / np.abs(a)).mean(axis=1))
    np.testing.assert_allclose(view.order, order, atol=1e-4)
    synchronous = np.flatnonzero(order < 0.99)[-1] + 1
    assert view.time_to_synchrony == pytest.approx(view.time[synchronous] / (2 * np.pi), abs=0.02)


# Files


def test_the_model_that_comes_with_wetcow_is_small_and_says_whose_its_images_were():
    assert SHIPPED.stat().st_size < 4e6
    header, _ = read_model(SHIPPED)
    assert header["format_version"] == FORMAT_VERSION  # not an old one that is only still read
    notes = load_model().classifier.record_.notes
    assert "CC BY-SA 3.0" in notes and "LeCun" in notes and "explorer_model.py" in notes


# Errors


def test_impossible_memories_are_explained():
    with pytest.raises(ValueError, match="Raise max_weight"):
        look_at_memory(np.linspace(0.1, 1.9, 10), 1.9, max_weight=0.02)
    for text, said in (("1", "2 to 40"), ("1, x", "'x'"), ("1 -2", "'-2'"), ("1 99", "at most 10")):
        with pytest.raises(ValueError, match=said):
            read_frequencies(text)
    assert read_frequencies("1;2,3  4\n5").tolist() == [1, 2, 3, 4, 5]


@pytest.mark.slow
def test_models_are_found(fitted, tmp_path):
    path = tmp_path / "digits.wetcow"
    fitted.save(path)
    model = load_model(path)
    assert str(path) in model.origin and model.fill == 1.0
    stroke = [[(0.5, 0.1), (0.5, 0.9)]]
    assert answer_drawing(model.classifier, stroke, 1.0).label == "1"
    table = WaveClassifier(n_modes=8, image_shape=None).fit(np.eye(12), [0, 1] * 6)
    table.save(tmp_path / "table.wetcow")
    with pytest.raises(ValueError, match="model of tables"):
        load_model(tmp_path / "table.wetcow")
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.wetcow")
