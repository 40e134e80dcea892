"""Verdicts about disturbed memories follow from shares of runs."""

import numpy as np
import pytest

import wetcow as wc
from wetcow.reports.cache import storable
from wetcow.reports.claims import robust_memories as claim

STEPS = [(kind, strength) for kind, each in claim.STRENGTHS.items() for strength in each]


@pytest.fixture
def found(monkeypatch):
    """Evidence from made-up strengths from which on a model no longer replays."""

    def run(waves, phases):
        def shares(model, omega, couplings, disturbances, starts, t1, seed):
            until = waves if model == claim.WAVES else phases
            return [(float(strength < until), 1.0) for _, strength in STEPS]

        monkeypatch.setattr(claim, "_shares", shares)
        monkeypatch.setattr(claim, "_coupling", lambda omega, seed: np.zeros((5, 5)))
        return storable(claim.evidence_of(5, 1, 1, 10.0, 0))

    return run


def test_verdict_by_the_strength_up_to_which_half_replay(found):
    assert found(1.0, 0.05).claims[0].verdict == "holds"
    behind = found(0.01, 0.3).claims[0]
    assert behind.verdict == "does not hold"
    assert "noise: waves to 0, Kuramoto to 0.2" in behind.measured


def test_figure_has_both_models_and_every_disturbance(found):
    (figure,) = claim.draw(found(0.1, 0.1)).values()
    assert len(figure.axes) == len(claim.STRENGTHS)
    assert len(figure.legends[0].get_texts()) == 2 * len(claim.MODELS)


def test_disturbances_are_what_they_say(rng):
    omega, r = np.ones(10), 0.1 * (1 - np.eye(10))
    lost = claim._disturbed(omega, r, "lost modes", 0.3, rng)
    assert lost.left.sum() == 7
    assert np.count_nonzero(lost.coupling.r) == 7 * 6
    delayed = claim._disturbed(omega, r, "delays", 0.1, rng)
    assert np.mean(delayed.coupling.delay) == pytest.approx(0.1 * 2 * np.pi, rel=0.1)
    changed = claim._disturbed(omega, r, "frequencies", 0.2, rng)
    assert np.std(changed.omega) == pytest.approx(0.2, rel=0.5)


@pytest.mark.slow
def test_undisturbed_memories_replay():
    network = wc.memorize(
        wc.Mode(gamma=claim.TARGET), np.linspace(0.5, 1.5, 5), 0.5, max_weight=0.5, seed=0
    )
    r = np.asarray(network.coupling.matrix())
    omega, none = np.linspace(0.5, 1.5, 5), np.zeros(r.shape)
    case = claim._Case(omega, wc.Delayed(r, none), np.ones(5, bool))
    apart = claim._Case(omega, wc.Delayed(none, none), np.ones(5, bool))
    outcomes = claim._outcomes(claim.WAVES, [case, apart], starts=2, t1=120.0)
    assert outcomes.isel(what=0).mean("seed").values.tolist() == [1.0, 0.0]
