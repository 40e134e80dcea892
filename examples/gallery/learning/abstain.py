"""
Right more often by saying nothing
==================================

A classifier that may abstain answers the inputs it is surest of. On the right a fifth of the
images are no digits. Probabilities put answers into a slightly better order than uncertainty, which
has a threshold of its own.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

X, y = (part[:400] for part in wc.datasets.load("digits", split="train"))
X_test, y_test = wc.datasets.load("digits", split="test")
clf = wc.WaveClassifier(n_modes=32, random_state=0).fit(X, y)

rng = np.random.default_rng(0)
patches = rng.permuted(X_test[:120].reshape(120, -1), axis=1).reshape(-1, 8, 8)  # no digits
asked = {
    "digits": (X_test, y_test),
    "digits and images that are none": (
        np.concatenate([X_test, patches]),
        np.concatenate([y_test, np.full(len(patches), -1)]),
    ),
}

figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained", sharey=True)
for axis, (name, (images, labels)) in zip(axes, asked.items(), strict=True):
    right = clf.predict(images) == labels
    surest = {
        "uncertainty": clf.uncertainty(images),
        "probability": -clf.predict_proba(images).max(axis=1),
    }
    answered = np.arange(1, len(labels) + 1)
    for means, value in surest.items():
        accuracy = np.cumsum(right[np.argsort(value, kind="stable")]) / answered
        axis.plot(answered / len(labels), accuracy, label=means)
        print(f"{name}, by {means}: {accuracy[int(0.8 * len(labels))]:.3f} of 80 %")
    share = np.mean(surest["uncertainty"] <= clf.uncertainty_threshold_)
    axis.axvline(share, color="black", linestyle="dotted", label="threshold of uncertainty")
    axis.set(title=name, xlabel="share that is answered", xlim=(0, 1))
axes[0].set_ylabel("accuracy of what is answered")
axes[0].legend(title="abstains by", loc="lower left")
