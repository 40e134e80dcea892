"""Energy and memory: what one answer and all of learning take, counted, at measured accuracies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.figures import BLUE, GREEN, GREY, RED
from wetcow.reports.images.data import load_images, percent
from wetcow.reports.metrics.energy import (
    CONVNET,
    INTEGRATED,
    PERCEPTRON,
    SPIKING,
    WAVES,
    EnergySizes,
    measure,
)
from wetcow.reports.peers.line_up import NO_TORCH, has_torch

_FULL = EnergySizes(
    train=None,
    test=None,
    modes=(8, 32, 128),
    integrated=60,
    passes=5,
    steps=3_000,
    widths=(32, 256),
    maps=((4, 8, 8), (16, 30, 30)),
)
_QUICK = EnergySizes(
    train=1_000,
    test=1_000,
    modes=(8, 32),
    integrated=3,
    passes=12,
    steps=60,
    widths=(256,),
    maps=((4, 8, 8),),
)
_COLOURS = {WAVES: GREEN, INTEGRATED: "#8cc63f", PERCEPTRON: BLUE, SPIKING: RED, CONVNET: GREY}
_LABELS = {
    "network": "network",
    "size": "size",
    "accuracy": "test accuracy",
    "operations": "operations",
    "bytes": "bytes from memory",
    "chip_bytes": "bytes on the chip",
    "microjoules": "energy (µJ, estimate)",
    "parameters": "parameters",
    "learning": "operations of learning",
}


def surpassed(row: dict[str, Any], peers: Sequence[dict[str, Any]], key: str) -> bool:
    """Whether a peer is as accurate and takes no more.

    Examples
    --------
    >>> peer = {"accuracy": 0.9, "bytes": 10}
    >>> surpassed({"accuracy": 0.8, "bytes": 20}, [peer], "bytes")
    True
    >>> surpassed({"accuracy": 0.8, "bytes": 9}, [peer], "bytes")
    False
    """
    return any(peer["accuracy"] >= row["accuracy"] and peer[key] <= row[key] for peer in peers)


def judge(rows: Sequence[dict[str, Any]]) -> list[Claim]:
    """Verdicts from the rows of `measure`.

    Of memory, learning and energy: a claim holds if no wave classifier is surpassed by a peer, and
    partly if one is not. Every size competes with every peer at its own accuracy.
    """
    ours = [row for row in rows if row["network"] == WAVES]
    peers = [row for row in rows if row["network"] not in (WAVES, INTEGRATED)]
    integrated = next(row for row in rows if row["network"] == INTEGRATED)
    small = ours[0]

    def verdict(key: str) -> Any:
        kept = [not surpassed(row, peers, key) for row in ours]
        return by_rule(all(kept), any(kept))

    def said(key: str, scale: float = 1.0) -> str:
        return "; ".join(
            f"{row['network']} ({row['size']}) {_number(scale * row[key])} at "
            f"{percent(row['accuracy'])}"
            for row in (*ours, *peers)
        )

    return [
        Claim(
            claim="Very accurate results with very little memory requirements",
            where="section V",
            verdict=verdict("parameters"),
            measured=f"Thousands of parameters: {said('parameters', 1e-3)}.",
        ),
        Claim(
            claim="Very little training, where back propagation is very expensive in computations",
            where="section V",
            verdict=verdict("learning"),
            measured=f"10⁹ operations of learning: {said('learning', 1e-9)}.",
        ),
        Claim(
            claim="Learning systems in software with extreme energy efficiency",
            where="section I",
            verdict=verdict("microjoules"),
            measured="Energy of one answer in µJ, estimated and not measured: "
            f"{said('microjoules')}. Integrated in time, {small['size']} take "
            f"{_number(integrated['microjoules'])}, "
            f"{_number(integrated['microjoules'] / small['microjoules'])} times the closed form.",
        ),
        Claim(
            claim="Learning systems in hardware with the extreme energy efficiency of biological "
            "systems",
            where="section I",
            verdict="not testable",
            measured="There is no such hardware to measure. What is counted here is arithmetic in "
            "which waves are a formula; modes of a physical medium would not have to be "
            "integrated.",
        ),
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def run(effort: Effort) -> Evidence:
    """Learn MNIST with every network, score it once, and count."""
    sizes = _QUICK if effort.quick else _FULL
    data = load_images("mnist", effort, sizes.train, sizes.test)
    rows = measure(data, sizes, effort)
    integrated = next(row for row in rows if row["network"] == INTEGRATED)
    spiking = next(row for row in reversed(rows) if row["network"] == SPIKING)
    caption = (
        f"One image of MNIST, alone; {len(data.train.labels):,} images learned and "
        f"{len(data.test.labels):,} test images scored once, integrated the first "
        f"{integrated['images']} of them, with the closed form's answer for "
        f"{percent(integrated['agreement'])}. Numbers of 32 bits; parameters and the image "
        f"come from memory once, others stay on the chip. LIF neurons fire in "
        f"{percent(spiking['rate'])} of their steps, and are counted by events. One seed; peers "
        f"go through the images {sizes.passes} times, the convnets take {sizes.steps:,} steps."
    )
    texts = [
        "Energy is an estimate from counts, by the table of Horowitz (ISSCC 2014, 45 nm): an "
        "addition 0.9 pJ, a multiplication 3.7 pJ, a word of a small cache 5 pJ, of DRAM 640 pJ; a "
        "root or quotient, which it lacks, as ten multiplications. Answers to single images are "
        "dominated by parameters that come from memory, unless couplings are shared between "
        "positions, as those of waves and of convolutions are.",
        "Learning is counted as once through the images for features, their sums of products and "
        "solutions for waves; as three times an answer for gradients, for each image in each pass. "
        f"While learning, the sums of d features take 28·d² bytes, here up to "
        f"{_number(28e-6 * max(row.get('features', 0) for row in rows) ** 2)} MB; afterwards they "
        "are needed only to learn on.",
        "With 8-bit integers, for which networks are often made, additions would take 0.03 pJ and "
        "memory a quarter; that was not tried, for waves or others.",
    ]
    if effort.quick:
        texts.append("Peers were trained for so few steps that they have hardly begun to learn.")
    if not has_torch():
        texts.append(NO_TORCH)
    table = EvidenceTable(name="energy", rows=rows, labels=_LABELS, caption=caption)
    return Evidence(title="Energy and memory", claims=judge(rows), tables=[table], texts=texts)


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Errors against operations, bytes, estimated energy and operations of learning."""
    rows = evidence.tables[0].rows
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    axes = figure.subplots(1, 4, sharey=True)
    columns = {
        "operations": "operations for an image",
        "bytes": "bytes from memory for an image",
        "microjoules": "energy of an image (µJ, estimate)",
        "learning": "operations of learning",
    }
    for axis, (key, label) in zip(axes, columns.items(), strict=True):
        for network in dict.fromkeys(row["network"] for row in rows):
            of = [row for row in rows if row["network"] == network]
            style: dict[str, Any] = {"color": _COLOURS[network], "label": network}
            if network == INTEGRATED:  # of few images: shown where its closed form is
                of = [{**of[0], "accuracy": rows[0]["accuracy"]}]
                style["mfc"] = "none"
            errors = [100 * (1 - row["accuracy"]) for row in of]
            axis.plot([row[key] for row in of], errors, "o-", ms=6, **style)
        axis.set(xscale="log", xlabel=label)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set(ylabel="test errors (%)")
    axes[0].set_ylim(bottom=0)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    return {"energy": figure}
