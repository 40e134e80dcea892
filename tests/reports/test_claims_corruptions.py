"""Corrupted images: what is counted, what follows from it, and rows on small data."""

import matplotlib
import numpy as np
import pytest

from wetcow.reports.claims import corruptions
from wetcow.reports.evidence import Effort, from_plain, to_plain
from wetcow.reports.images.corruptions import CORRUPTIONS
from wetcow.reports.images.data import Images, Part

matplotlib.use("Agg")


class ByBrightness:
    """Answers whether an image is bright."""

    def predict(self, X):
        return (X.mean(axis=(1, 2)) > 0.5).astype(int)


def test_only_what_changes_the_answer_counts():
    images = np.stack([np.full((12, 12), 0.4), np.full((12, 12), 0.9)]).astype(np.float32)
    part = Part(images, np.array([0, 1]))
    data = Images(name="digits", train=part, test=part)
    clean, corrupted = corruptions.right_answers(ByBrightness(), data, (1, 5), 0)
    assert clean.all() and corrupted.shape == (len(CORRUPTIONS), 2, 2)
    right = dict(zip(CORRUPTIONS, corrupted, strict=True))
    assert right["brightness"].tolist() == [[True, True], [False, True]]  # 0.5 is not bright yet
    assert right["contrast"].all() and right["rotation"][:, 0].all()
    assert not right["shrinking"][1, 1]


def rows_of(*intervals):
    methods = (corruptions.NETWORK, corruptions.NEAREST)
    summary = [{"data": "mnist", "method": corruptions.OURS, "clean": 0.9, "corrupted": 0.8}]
    for method, (low, high) in zip(methods, intervals, strict=True):
        ahead = {"low": low, "high": high, "ahead": (low + high) / 2}
        summary.append(summary[0] | {"method": method} | ahead)
    curves = {corruptions.OURS: [0.8, 0.6], methods[0]: [0.9, 0.4], methods[1]: [0.7, 0.8]}
    return summary, [{"data": "mnist", "kind": "fog", "curves": curves}]


@pytest.mark.parametrize(
    ("intervals", "verdict"),
    [
        (((0.01, 0.02), (0.01, 0.02)), "holds"),
        (((0.01, 0.02), (-0.01, 0.02)), "holds partly"),
        (((-0.01, 0.02), (0.01, 0.02)), "does not hold"),
    ],
)
def test_verdict_follows_from_intervals(intervals, verdict):
    claim = corruptions.judge(*rows_of(*intervals))
    assert claim.verdict == verdict and "best for 0 of 1 kinds" in claim.measured


@pytest.mark.slow
def test_digits_corrupted(monkeypatch):
    monkeypatch.setattr(corruptions, "has_torch", lambda: False)
    evidence = corruptions.run(
        Effort(quick=True, seed=0, data_dir=None, say=lambda line: None), ["digits"]
    )
    summary, kinds = (table.rows for table in evidence.tables)
    ours, nearest = summary
    assert ours["clean"] > 0.95 and 0.3 < ours["corrupted"] < ours["clean"]
    assert nearest["ahead"] == pytest.approx(ours["corrupted"] - nearest["corrupted"])
    assert nearest["low"] < nearest["ahead"] < nearest["high"]
    assert [row["kind"] for row in kinds] == [*CORRUPTIONS]
    assert np.mean([row[corruptions.OURS] for row in kinds]) == pytest.approx(ours["corrupted"])
    for row in kinds:
        weak, strong = row["curves"][corruptions.OURS]
        assert weak >= strong - 0.05
    (figure,) = corruptions.draw(from_plain(to_plain(evidence))).values()
    assert len(figure.axes) == 15
