"""
It says when it does not know
===============================

Uncertainty of digits, of digits that were turned upside down, and of noise.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

X, y = wc.datasets.load("digits", split="train")
X_test, y_test = wc.datasets.load("digits", split="test")
clf = wc.WaveClassifier(n_modes=64, random_state=0).fit(X, y)
noise = np.random.default_rng(0).random(X_test.shape).astype(X_test.dtype) * X_test.max()
asked = {"digits": X_test, "mirrored digits": X_test[:, :, ::-1], "noise": noise}

figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
found = {name: clf.uncertainty(images) for name, images in asked.items()}
every = np.concatenate(list(found.values()))
bins = np.geomspace(every.min(), every.max(), 60)
for name, values in found.items():
    axis.hist(values, bins=bins, alpha=0.6, label=name)
axis.axvline(clf.uncertainty_threshold_, color="black", linestyle="dashed", label="threshold")
axis.set(xlabel="uncertainty", ylabel="images", xscale="log")
axis.legend()

# %%
# Leaving out what it is least sure of, it is right more often:

sure = clf.uncertainty(X_test) <= np.quantile(clf.uncertainty(X_test), 0.9)
print(f"all: {clf.score(X_test, y_test):.4f}, the surest 90 %: ", end="")
print(f"{clf.score(X_test[sure], y_test[sure]):.4f}")
