"""Uncertainty: scores of probabilities that are known, verdicts, and rows on small data."""

import matplotlib
import numpy as np
import pytest

from wetcow import datasets
from wetcow.reports.claims import uncertainty
from wetcow.reports.evidence import Effort, from_plain, to_plain
from wetcow.reports.metrics import uncertainty as uncertainty_metrics
from wetcow.reports.peers.line_up import Ensemble

matplotlib.use("Agg")


def test_scores_of_known_probabilities():
    sure = np.array([0.9, 0.8, 0.6, 0.7])
    answers = np.stack([sure, 1 - sure], axis=1)
    found = uncertainty_metrics.scored(
        np.array([0, 0, 1, 0]), answers, {"noise": np.array([[0.35, 0.65]] * 4)}
    )
    assert found["accuracy"] == 0.75 and found["apart"] == {"noise": 0.75}
    assert found["nll"] == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.7]).mean())
    assert found["ece"] == pytest.approx((0.1 + 0.2 + 0.6 + 0.3) / 4)
    assert found["aurc"] == pytest.approx(0.25 / 4)
    assert found["risk"][-1] == 0.25 and found["risk"][0] == 0


def rows_of(ours, network, ensemble, apart):
    rows = []
    for label, value, area in (
        (uncertainty_metrics.OURS, ours, 0.5),
        (uncertainty_metrics.VARIANCE, 0, apart),
        *(
            (uncertainty_metrics.NETWORK + more, network, 0.5)
            for more in ("", uncertainty_metrics.TEMPERED)
        ),
        (uncertainty_metrics.ENSEMBLE, 0.0, 0.8),
        (uncertainty_metrics.ENSEMBLE + uncertainty_metrics.TEMPERED, ensemble, 0.5),
    ):
        row = {"data": "mnist", "method": label, "apart_letters": area, "apart_noise": 0.9}
        rows.append(row | dict.fromkeys(("ece", "nll", "aurc"), value) | {"apart": area / 2 + 0.45})
    return rows


@pytest.mark.parametrize(
    ("values", "verdicts"),
    [
        ((0.1, 0.2, 0.1, 0.8), ["holds", "holds"]),
        ((0.1, 0.2, 0.05, 0.9), ["holds partly", "holds"]),
        ((0.3, 0.2, 0.1, 0.7), ["does not hold", "does not hold"]),
    ],
)
def test_verdicts_beside_network_and_ensemble(values, verdicts):
    claims = uncertainty.judge(rows_of(*values))
    assert [claim.verdict for claim in claims] == verdicts
    assert "predictive variance" in claims[1].measured


def test_ensemble_averages_probabilities():
    class Fixed:
        def __init__(self, sure):
            self.sure = sure

        def fit(self, X, y):
            self.seen = len(X)

        def predict_proba(self, X):
            return np.tile([self.sure, 1 - self.sure], (len(X), 1))

    both = Ensemble([Fixed(0.2), Fixed(0.6)]).fit(np.zeros(3), np.zeros(3))
    np.testing.assert_allclose(both.predict_proba(np.zeros(2)), [[0.4, 0.6]] * 2)
    assert both.predict(np.zeros(2)).tolist() == [1, 1]
    assert [member.seen for member in both.members] == [3, 3]


@pytest.mark.slow
def test_digits_without_a_network(monkeypatch):
    monkeypatch.setattr(uncertainty_metrics, "has_torch", lambda: False)
    sizes = uncertainty._QUICK._replace(modes=16, members=2)
    monkeypatch.setattr(uncertainty, "_QUICK", sizes)
    evidence = uncertainty.run(
        Effort(quick=True, seed=0, data_dir=None, say=lambda line: None), ["digits"]
    )
    table, unlike = evidence.tables
    methods = {row["method"]: row for row in table.rows}
    assert list(methods) == [
        *("wetcow", "perceptron", "perceptron, temperature"),
        *("ensemble", "ensemble, temperature"),
    ]
    ours = methods["wetcow"]
    assert ours["accuracy"] > 0.95 and ours["ece"] < 0.05 and ours["nll"] < 0.3
    assert methods["ensemble"]["nll"] < methods["perceptron"]["nll"] + 1e-9
    variance = next(row for row in unlike.rows if row["method"] == uncertainty_metrics.VARIANCE)
    assert variance["apart_noise"] > 0.95
    assert any("PyTorch" in text for text in evidence.texts)
    (figure,) = uncertainty.draw(from_plain(to_plain(evidence))).values()
    assert len(figure.axes) == 3


def test_unlike_images_have_the_shape_of_those_learned():
    X, _ = datasets.load("digits")
    effort = Effort(quick=True, seed=3, data_dir=None, say=lambda line: None)
    kinds = uncertainty_metrics.unlike("digits", X.shape[1:], 5, effort)
    assert {kind: images.shape for kind, images in kinds.items()} == {"noise": (5, *X.shape[1:])}
