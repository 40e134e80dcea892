"""Table I: rows on small data, and the rules of its verdicts."""

import matplotlib
import numpy as np
import pytest

from wetcow.reports.claims import accuracy
from wetcow.reports.evidence import Effort

matplotlib.use("Agg")


def row_of(method, reached, seconds):
    return {
        "data": "mnist",
        "title": "MNIST",
        "method": method,
        "size": "",
        "paper": None,
        "accuracy": reached,
        "seconds": seconds,
        "each": [reached],
        "spread": None,
    }


@pytest.mark.slow
def test_runs_and_draws():
    evidence = accuracy.run(
        Effort(quick=True, seed=0, data_dir=None, say=lambda _: None), names=("digits",)
    )
    (row,) = evidence.tables[0].rows
    assert row["accuracy"] > 0.9 and row["seconds"] > 0 and row["paper"] is None
    assert row["accuracy"] == np.mean(row["each"])
    assert evidence.claims == []  # the paper has no such row
    (figure,) = accuracy.draw(evidence).values()
    assert len(figure.axes) == 1


def test_verdicts_follow_from_the_rows():
    def verdicts(*rows):
        return [claim.verdict for claim in accuracy.judge(rows)]

    ours = row_of(accuracy.CONSTRUCTED, 0.99, 8.0)
    assert verdicts(ours) == ["holds"]
    assert verdicts(row_of(accuracy.CONSTRUCTED, 0.99, 80.0)) == ["holds partly"]
    assert verdicts(row_of(accuracy.CONSTRUCTED, 0.98, 8.0)) == ["does not hold"]
    larger = row_of(accuracy.CONSTRUCTED, 0.5, 80.0)  # does not count
    trained, peer = row_of(accuracy.TRAINED, 0.995, 180.0), row_of(accuracy.PEER, 0.9945, 180.0)
    assert verdicts(ours, larger, trained) == ["holds", "does not hold"]
    assert verdicts(ours, trained, peer) == ["holds", "does not hold", "holds partly"]
    seeds = {**ours, "accuracy": 0.98, "each": [0.995, 0.975, 0.97]}
    gain = accuracy.judge([seeds, trained])[1].measured
    assert "+0.0000 to the constructed network of the same size and seed" in gain
    exact = row_of(accuracy.TRAINED, 0.9986, 180.0)
    assert verdicts(ours, exact, row_of(accuracy.PEER, 0.98, 180.0)) == ["holds"] * 3
