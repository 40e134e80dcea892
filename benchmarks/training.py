"""Train the classifier for some minutes: accuracy on test images, and how it went.

    python benchmarks/training.py --data mnist --minutes 10 --seed 0 1 2 --data-dir DIR
    python benchmarks/training.py --minutes 60 --set budget=minute
    python benchmarks/training.py --draw docs/images/training.png

Test images are scored once for each row. `--select-on-test` adds, marked, what one would claim who
looked at the test images all along and took the best: not a result. Rows that are in the JSON file
already are not run again, and training that was cut short goes on from ``JSON.state``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import pathlib
import time
from typing import Any

import numpy as np
from rich.console import Console
from search import setting

from wetcow import datasets
from wetcow.cli.learn import learn
from wetcow.cli.output import machine, use_all_cores, versions
from wetcow.files import plain, save_figure, write_whole
from wetcow.images.augmentation import check_augmentation
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data.samples import Samples
from wetcow.learning.finetune.checkpoint import Checkpoint
from wetcow.learning.finetune.linear import solve_linear
from wetcow.learning.finetune.training import EvaluationPoint, Trainer, fit_to_time, train
from wetcow.learning.settings.presets import DATASET_DEFAULTS

DATA = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "digits": "digits"}
HONEST, SELECTED = "judged once", "selected on test images"


def main() -> None:
    """Parse the command line, train what is not in the file yet, and draw if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", choices=[*DATA], nargs="+", default=["mnist", "fashion-mnist"])
    parser.add_argument("--data-dir", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, nargs="+", default=[0])
    parser.add_argument("--set", nargs="+", metavar="NAME=JSON", default=[])
    parser.add_argument("--select-on-test", action="store_true")
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path("training.json"))
    parser.add_argument("--draw", type=pathlib.Path, help="draw the rows of the file, run nothing")
    options = parser.parse_args()
    rows = json.loads(options.json.read_text()) if options.json.exists() else []
    if options.draw is not None:
        draw(rows, options.draw)
        return
    use_all_cores()
    how = SELECTED if options.select_on_test else HONEST
    for data in options.data:
        for seed in options.seed:
            key = {
                "data": data,
                "seed": seed,
                "minutes": options.minutes,
                "how": how,
                "parameters": dict(map(setting, options.set)),
            }
            if any(key == {name: row[name] for name in key} for row in rows):
                continue
            state = options.json.with_name(f"{options.json.name}.state")
            work = _selected if options.select_on_test else _honest
            row = key | work(data, seed, options.minutes, key["parameters"], options, state)
            row |= {"machine": machine(), "versions": versions()}
            row |= {"date": datetime.date.today().isoformat()}
            rows.append(plain(row))
            write_whole(options.json, json.dumps(rows, indent=1).encode())
            state.unlink(missing_ok=True)
            Console(highlight=False).print(
                f"{data}, seed {seed}, {options.minutes:g} minutes: "
                f"test {row['test_accuracy']:.4f} ({how})"
            )


def _honest(
    data: str, seed: int, minutes: float, parameters: dict[str, Any], options: Any, state: Any
) -> dict[str, Any]:
    return learn(
        data,
        data_dir=options.data_dir,
        seed=seed,
        train_minutes=minutes,
        checkpoint=state,
        **parameters,
    )


def _selected(
    data: str, seed: int, minutes: float, parameters: dict[str, Any], options: Any, state: Any
) -> dict[str, Any]:
    """Train with the test images as judge, and take the best of all evaluations on them."""
    parameters = DATASET_DEFAULTS[data] | parameters
    X, y = datasets.load(data, split="train", data_dir=options.data_dir)
    X_test, y_test = datasets.load(data, split="test", data_dir=options.data_dir)
    start = time.perf_counter()
    classifier = WaveClassifier(random_state=seed, **parameters).fit(X, y)
    hidden = classifier.hidden_
    rows = X.reshape(len(X), -1)
    linear = solve_linear(
        Samples(hidden, rows, labels=y, n_classes=10), np.random.default_rng(seed)
    )
    trainer = Trainer(
        hidden=hidden,
        modes=linear.modes,
        inverse_temperature=linear.inverse_temperature,
        images=hidden.images(rows),
        labels=y,
        validation=(hidden.images(X_test), y_test),
        augmentation=check_augmentation(parameters["augmentation"]),
        rate=classifier.learning_rate,
        seed=seed,
    )
    left = 60 * minutes - (time.perf_counter() - start)
    checkpoint = Checkpoint(state, trainer)
    begun = checkpoint.read() or trainer.start(fit_to_time(trainer, left))
    points: list[EvaluationPoint] = []
    train(trainer, begun, checkpoint.write, points.append)
    best = max(classifier.score(X_test, y_test), *(point.accuracy for point in points))
    return {"test_accuracy": best, "training": [point._asdict() for point in points]}


def draw(rows: list[dict[str, Any]], path: pathlib.Path) -> None:
    """Draw how accuracy on validation images goes with the time of training."""
    from matplotlib.figure import Figure

    rows = [row for row in rows if row["how"] == HONEST]
    names = list(dict.fromkeys(row["data"] for row in rows))
    if not names:
        raise SystemExit("there are no rows to draw; train first")
    figure = Figure(figsize=(4.6 * len(names), 4), layout="constrained")
    axes = figure.subplots(1, len(names), squeeze=False)[0]
    for axis, name in zip(axes, names, strict=True):
        for row in (row for row in rows if row["data"] == name):
            label = f"{row['minutes']:g} minutes, seed {row['seed']}"
            minutes = [look["seconds"] / 60 for look in row["training"]]
            accuracy = [look["accuracy"] for look in row["training"]]
            (line,) = axis.plot(minutes, accuracy, lw=1.3, label=label)
            constructed = row["validation_accuracy_constructed"]
            axis.axhline(constructed, color=line.get_color(), ls=":", lw=1)
        axis.set(title=DATA[name], xlabel="minutes of training", ylabel="validation accuracy")
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2)
    save_figure(figure, path, dpi=110)


if __name__ == "__main__":
    main()
