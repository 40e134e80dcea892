"""
Which digit to label next
=========================

Labels are expensive. Whoever is asked labels ten digits at a time: those that the classifier knows
least about, by its uncertainty, or any.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

X, y = (part[:700] for part in wc.datasets.load("digits", split="train"))
X_test, y_test = wc.datasets.load("digits", split="test")
EACH, ROUNDS = 10, 9


def learn(ask, seed):
    """Accuracies after each round, and which digits were labelled, in this order."""
    rng = np.random.default_rng(seed)
    # Innate hidden modes need no images, so that few labels are all there is to learn from.
    clf = wc.WaveClassifier(n_modes=16, couplings="innate", frame=None, mirror=False)
    chosen = labelled = rng.choice(len(y), EACH, replace=False)
    accuracy = []
    for _ in range(ROUNDS):
        clf.partial_fit(X[chosen], y[chosen], classes=range(10))
        accuracy.append(clf.score(X_test, y_test))
        rest = np.setdiff1d(np.arange(len(y)), labelled)
        if ask == "the most uncertain":
            chosen = rest[np.argsort(-clf.uncertainty(X[rest]))[:EACH]]
        else:
            chosen = rng.choice(rest, EACH, replace=False)
        labelled = np.append(labelled, chosen)
    return accuracy, labelled


figure = plt.figure(figsize=(8, 4), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=[3, 2])
axis = left.subplots()
counts = EACH * np.arange(1, ROUNDS + 1)
for ask in ("the most uncertain", "any"):
    runs = [learn(ask, seed) for seed in range(3)]
    curves = np.array([accuracy for accuracy, _ in runs])
    axis.plot(counts, curves.mean(axis=0), label=ask)
    axis.fill_between(counts, curves.min(axis=0), curves.max(axis=0), alpha=0.2)
    print(f"{ask}: {curves[:, -1].mean():.3f} with {counts[-1]} labels")
    if ask == "the most uncertain":
        asked = runs[0][1][EACH : 2 * EACH + 15]
axis.set(xlabel="labelled digits", ylabel="accuracy on others")
axis.legend(title="asked for")

# %%
# Up to eighty labels the most uncertain digits teach no more than any: what it asks for first, on
# the right, is often odd. With ninety they teach more, in the mean of three runs of each.

for cell, number in zip(right.subplots(5, 5).ravel(), asked, strict=True):
    cell.imshow(X[number], cmap="gray_r")
    cell.axis("off")
right.suptitle("asked for first")
