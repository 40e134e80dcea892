"""Learning from few images: draws, paired differences, verdicts, and rows on small data."""

import numpy as np
import pytest

from wetcow.reports.claims import few_images, little_data
from wetcow.reports.evidence import Effort, from_plain, to_plain
from wetcow.reports.images.data import Part
from wetcow.reports.peers.line_up import OnPixels, deformed_copies


def rows_of(*intervals):
    rows = []
    for size, (low, high) in enumerate(intervals):
        case = {"data": "mnist", "size": size, "accuracy": 0.9}
        rows.append(case | {"method": little_data.OURS})
        peer = {"method": "SVM", "low": low, "high": high, "ahead": (low + high) / 2}
        rows.append(case | peer)
        rows.append(case | peer | {"method": "1-NN", "low": 0.3, "high": 0.4, "accuracy": 0.5})
    return rows


class Remembers:
    """Keeps what it is given, and answers with the means of rows."""

    def fit(self, X, y):
        self.X, self.y = X, y

    def predict(self, X):
        return X.mean(axis=1)


# Known answers


def test_draws_are_balanced_and_decided_by_their_seed():
    labels = np.random.default_rng(0).integers(0, 4, 200)
    part = Part(np.arange(200.0), labels)
    few = little_data.draw_few(part, 7, seed=1)
    assert np.bincount(few.labels).tolist() == [7] * 4 and len(set(few.images)) == 28
    np.testing.assert_array_equal(labels[few.images.astype(int)], few.labels)
    np.testing.assert_array_equal(few.images, little_data.draw_few(part, 7, seed=1).images)
    assert not np.array_equal(few.images, little_data.draw_few(part, 7, seed=2).images)


@pytest.mark.parametrize(
    ("intervals", "verdict"),
    [
        ([(0.01, 0.02), (0.01, 0.02), (-0.01, 0.02)], "holds"),
        ([(0.01, 0.02), (-0.01, 0.02), (-0.01, 0.02)], "holds partly"),
        ([(0.01, 0.02), (0.01, 0.02), (-0.02, -0.01)], "holds partly"),
        ([(-0.01, 0.02), (-0.01, 0.02), (-0.02, 0.01)], "does not hold"),
    ],
)
def test_verdict_follows_from_intervals(intervals, verdict):
    claim = little_data.judge(rows_of(*intervals))
    assert claim.verdict == verdict and "to SVM" in claim.measured


@pytest.mark.slow
def test_copies_are_of_their_own_images_and_rows_flat():
    images = np.zeros((3, 12, 12), np.float32)
    images[:, 4:8, 4:8] = np.array([0.2, 0.5, 1.0])[:, None, None]
    peer = OnPixels(Remembers(), copies=2, name="fashion-mnist", seed=1).fit(images, np.arange(3))
    learned = peer.estimator
    assert learned.X.shape == (9, 144) and learned.y.tolist() == [0, 1, 2] * 3
    np.testing.assert_array_equal(learned.X[:3], images.reshape(3, -1))
    brightest = learned.X.max(axis=1).reshape(3, 3)
    assert np.all(brightest[1:] <= images.max(axis=(1, 2)) + 1e-6)
    assert np.all(brightest[1:] > 0.5 * images.max(axis=(1, 2)))
    assert not np.array_equal(learned.X[3:6], learned.X[6:])
    np.testing.assert_allclose(peer.predict(images), images.mean(axis=(1, 2)))
    again = deformed_copies(images, 2, "fashion-mnist", 1)
    np.testing.assert_array_equal(again.reshape(6, -1), learned.X[3:])


@pytest.mark.slow
def test_digits_from_few_images(monkeypatch):
    monkeypatch.setattr(little_data, "_QUICK_SIZES", (1, 10))
    monkeypatch.setattr(few_images, "_QUICK_COPIES", 0)
    monkeypatch.setattr(little_data, "_QUICK_DRAWS", 2)
    monkeypatch.setattr(few_images, "QUICK_MODES", 16)
    evidence = little_data.run(
        Effort(quick=True, seed=0, data_dir=None, say=lambda line: None), ["digits"]
    )
    table = evidence.tables[0]
    ours = [row for row in table.rows if row["method"] == little_data.OURS]
    assert [row["size"] for row in ours] == [1, 10] and len(ours[0]["each"]) == 2
    assert 0.4 < ours[0]["accuracy"] < ours[1]["accuracy"] > 0.85
    peer = table.rows[-1]
    paired = np.array(ours[1]["each"]) - peer["each"]
    assert peer["ahead"] == pytest.approx(paired.mean())
    (figure,) = little_data.draw(from_plain(to_plain(evidence))).values()
    assert len(figure.axes) == 1


# Properties


def test_interval_is_that_of_students_t():
    found = little_data._paired(np.array([0.01, 0.02, 0.03]))
    assert found["ahead"] == pytest.approx(0.02)
    assert found["high"] - 0.02 == pytest.approx(4.302653 * 0.01 / np.sqrt(3), rel=1e-6)
    assert found["low"] + found["high"] == pytest.approx(0.04)
