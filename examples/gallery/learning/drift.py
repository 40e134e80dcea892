"""
When the rule changes
=====================

Three numbers arrive, and the sum of two of them is above a limit or not. The limit changes after
each third of the stream. A memory that forgets nothing takes the mean of all rules; one that begins
anew where it is wrong more often than it says, follows.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

rng = np.random.default_rng(0)
BATCH, PART = 100, 8
limits = np.repeat([8, 11, 6], PART * BATCH)
X = rng.uniform(0, 10, (len(limits), 3))
y = (X[:, 0] + X[:, 1] > limits) ^ (rng.random(len(limits)) < 0.05)  # some labels are wrong


def follow(forget):
    """Accuracy on each batch before it is learned, and where the memory began anew."""
    clf, accuracy, anew = None, [], []
    for number, (rows, labels) in enumerate(
        zip(X.reshape(-1, BATCH, 3), y.reshape(-1, BATCH), strict=True)
    ):
        if clf is not None:
            accuracy.append(clf.score(rows, labels))
            known = clf.record_.left_out_accuracy
            if forget and accuracy[-1] < known - 3 * np.sqrt(known * (1 - known) / BATCH):
                clf = None
                anew.append(number)
        clf = wc.WaveClassifier(image_shape=None) if clf is None else clf
        clf.partial_fit(rows, labels, classes=[False, True])
    return accuracy, anew


figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
for name, forget in (("all rows", False), ("rows since a change", True)):
    accuracy, anew = follow(forget)
    axis.plot(np.arange(1, len(accuracy) + 1), accuracy, label=f"learns from {name}")
    print(f"{name}: {np.mean(accuracy):.3f}, anew at batches {anew}")
for change in (PART, 2 * PART):
    axis.axvline(change, color="black", linestyle="dotted")
axis.set(xlabel="batch of a hundred", ylabel="accuracy before it is learned", ylim=(0.5, 1))
axis.legend(loc="lower right")
