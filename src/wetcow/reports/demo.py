"""`wetcow demo`: single modes, a synchronized memory and learned digits, on embedded data."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from wetcow import datasets
from wetcow.learning.classifier import WaveClassifier
from wetcow.reports.page import Page
from wetcow.reports.paper import fig1, fig2, synchrony

_OPENING = (
    "Three things to see. A single wave mode spikes, the more slowly the closer it is to its "
    "critical point. Ten modes of different frequencies, coupled as a memory, spike together like "
    "the one mode that they remember, without its input. And a network of such modes learns "
    "handwritten digits in one pass. The table says which claims of the paper hold in these runs; "
    "the sections below it have the pictures and the numbers."
)


def _digits(page: Page, seed: int) -> None:
    page.heading("Digits learned in one pass")
    images, labels = datasets.load("digits", split="train")
    test_images, test_labels = datasets.load("digits", split="test")
    start = time.perf_counter()
    classifier = WaveClassifier(random_state=seed).fit(images, labels)
    seconds = time.perf_counter() - start
    probabilities = classifier.predict_proba(test_images)
    predicted = classifier.classes_[np.argmax(probabilities, axis=1)]
    errors = np.flatnonzero(predicted != test_labels)
    least_sure = np.argsort(probabilities.max(axis=1))[:12]
    page.figure(
        "digits",
        _draw(test_images, probabilities, predicted, test_labels, least_sure),
        "The twelve test images of which the network is least sure.",
    )
    rows = [
        {"quantity": "training images", "value": len(labels)},
        {"quantity": "test images", "value": len(test_labels)},
        {"quantity": "test accuracy", "value": float(np.mean(predicted == test_labels))},
        {"quantity": "test errors", "value": errors.size},
        {"quantity": "seconds to construct, compilation included", "value": round(seconds, 2)},
    ]
    page.table("digits", rows, {"quantity": "scikit-learn's digits", "value": "measured"})
    page.finding(
        f"Digits learned in one pass: {errors.size} of {len(test_labels)} test images wrong, "
        f"accuracy {np.mean(predicted == test_labels):.4f}."
    )
    page.text(
        "Hidden wave modes see patches through couplings sampled from training images and answer "
        "in two codes, mean amplitude and spiking frequency; one mode a class is coupled to them "
        "in closed form. No gradient is used, and the test images are scored once."
    )


def _draw(images: Any, probabilities: Any, predicted: Any, labels: Any, chosen: Any) -> Figure:
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axis, index in zip(figure.subplots(2, 6).flat, chosen, strict=True):
        axis.imshow(images[index], cmap="gray_r")
        axis.set_axis_off()
        right = predicted[index] == labels[index]
        text = f"{predicted[index]} ({probabilities[index].max():.0%})"
        if not right:
            text += f", is {labels[index]}"
        axis.set_title(text, fontsize=9, color="black" if right else "#c8352b")
    return figure


def run_demo(
    out: str | os.PathLike, seed: int = 0, say: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Run the demonstration and write its report.

    Parameters
    ----------
    out : path
        Folder for ``index.html``, the figures as PNG, and ``report.json``.
    seed : int
        Of everything random.
    say : callable, optional
        Called with the heading of each section when work on it starts.

    Returns
    -------
    dict
        "html", "figures", "claims", "findings", "tables", "provenance": what ``report.json``
        holds.
    """
    page = Page(
        title="wetcow: waves, a memory and learned digits",
        out=out,
        seed=seed,
        say=say,
        opening=_OPENING,
    )
    fig1(page, seed)
    fig2(page, seed)
    synchrony(page, seed, quick=True, which=("fig2",))
    _digits(page, seed)
    return page.save()
