"""
Digits learned in turn, none forgotten
========================================

Two classes at a time. After each step the classifier is asked about all classes it knows.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

X, y = wc.datasets.load("digits", split="train")
X_test, y_test = wc.datasets.load("digits", split="test")
learner = wc.WaveClassifier(n_modes=64, random_state=0)
seen, accuracy = [], []
for pair in np.arange(10).reshape(5, 2):
    now = np.isin(y, pair)
    learner.partial_fit(X[now], y[now], classes=np.arange(10))
    seen += pair.tolist()
    asked = [y_test == label for label in seen]
    accuracy.append([float(learner.score(X_test[rows], y_test[rows])) for rows in asked])

figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
table = np.full((5, 10), np.nan)
for step, row in enumerate(accuracy):
    table[step, : len(row)] = row
picture = axis.imshow(table, vmin=0.8, vmax=1, aspect="auto")
figure.colorbar(picture, label="accuracy")
axis.set(xlabel="class", ylabel="after learning", xticks=range(10))
axis.set_yticks(range(5), [f"{pair[0]}, {pair[1]}" for pair in np.arange(10).reshape(5, 2)])
print(f"at the end, all classes: {learner.score(X_test, y_test):.4f}")
