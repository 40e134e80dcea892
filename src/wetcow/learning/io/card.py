"""A classifier's card: what it was learned from, what was measured, what it is for, as Markdown.

Nothing is said that the classifier does not know.
"""

from __future__ import annotations

import inspect
from typing import Any

import jax
import numpy as np

from wetcow.images.frame import Frame
from wetcow.learning.model.encoder import n_features
from wetcow.learning.model.geometry import sides_and_channels
from wetcow.learning.model.readout import LinearReadout
from wetcow.learning.settings.view import decision_from_header

_MOST_ROWS = 100  # of the table of classes
_NOT_OF_THE_MODEL = ("progress", "checkpoint", "cache_size")


def facts(classifier: Any) -> dict[str, Any]:
    """Collect what a fitted classifier knows of itself.

    Parameters
    ----------
    classifier : WaveClassifier
        Fitted.

    Returns
    -------
    dict
        The fields of ``wetcow card --json``. ``record`` is None for files of versions that kept
        none.
    """
    return {
        "classes": classifier.classes_.tolist(),
        **shared_facts(classifier),
        **memory_facts(classifier, f"{len(classifier.classes_)} class modes"),
        "sharpness": classifier.inverse_temperature_,
        "noise": classifier.residual_variance_,
        "usual_uncertainty": classifier.uncertainty_threshold_,
    }


def memory_facts(estimator: Any, read_out: str) -> dict[str, Any]:
    """Collect what an estimator with a memory knows of it; `read_out` says what is read out."""
    readout, layers = estimator.readout_, estimator.hidden_.layers
    return {
        "n_parameters": readout.n_parameters
        + sum(np.size(array) for array in jax.tree.leaves(layers)),
        "readout": {**_readout(readout), "modes": read_out},
        "updatable": readout.updatable,
    }


def shared_facts(estimator: Any) -> dict[str, Any]:
    """Collect what estimators of any kind know of themselves."""
    hidden, record, known = estimator.hidden_, estimator.record_, estimator.convention_
    names = getattr(estimator, "feature_names_in_", None)
    return {
        "image_shape": hidden.image,
        "convention": known and {**known.header(), "said": known.describe()},
        "n_features_in": estimator.n_features_in_,
        "feature_names": None if names is None else [str(name) for name in names],
        "record": None if record is None else record.header(),
        "copies": estimator.copies if hidden.image is not None else 0,
        "parameters": _given(estimator),
        "settings": estimator.settings_._asdict(),
        "decision": None if estimator.decision_ is None else estimator.decision_.header(),
        "frame": None if hidden.frame is None else hidden.frame._asdict(),
        "banks": [
            {
                "modes": int(np.size(layer.gamma)),
                "patch": geometry.patch,
                "channels": geometry.channels,
                "positions": geometry.positions,
                "regions": geometry.n_regions**2,
                "mirrored": geometry.mirrored,
                "root": geometry.root,
                "relative": geometry.relative,
                "features": n_features(layer, geometry, hidden.response),
            }
            for layer, geometry in zip(hidden.layers, hidden.geometries, strict=True)
        ],
        "response": hidden.response,
        "n_parameters": sum(np.size(array) for array in jax.tree.leaves(hidden.layers)),
    }


def _given(estimator: Any) -> dict[str, Any]:
    """Parameters that are not the default, as JSON."""
    defaults = inspect.signature(type(estimator)).parameters
    found = {}
    for name, value in estimator.get_params().items():
        if name not in _NOT_OF_THE_MODEL and value != defaults[name].default:
            if isinstance(value, dict):  # of classes, whose labels may be numbers
                found[name] = {str(label): weight for label, weight in value.items()}
            else:
                found[name] = value._asdict() if hasattr(value, "_asdict") else value
    return found


def _readout(readout: Any) -> dict[str, Any]:
    """Say what the class modes are coupled to."""
    if isinstance(readout, LinearReadout):
        return {"kind": "linear", "ridge": readout.modes.ridge}
    memory = readout.memory
    return {
        "kind": "landmarks" if readout.examples is None else "examples",
        "rows": len(memory.rows),
        "components": memory.rows.shape[1],
        "projected": readout.projection is not None,
        "code": memory.kernel.code,
        "noise": memory.kernel.noise,
        "residual": memory.residual,
    }


def model_card(classifier: Any) -> str:
    """Return the card of a fitted classifier, Markdown; see `WaveClassifier.card`."""
    known = facts(classifier)
    sections = {
        "Data": _data(known),
        "Network": network_section(known),
        "What was measured": _measured(known),
        "Use": _use(known),
        "Limits": _limits(known),
        "How to load": _loading(known),
    }
    record = known["record"]
    learned = (
        "Learned by a version of wetcow that kept no record of it."
        if record is None
        else f"Learned on {record['date']} (UTC) by wetcow {record['wetcow']}."
    )
    title = f"# WaveClassifier: {rows_seen(known)} to {len(known['classes'])} classes"
    text = "\n\n".join(f"## {name}\n\n{section}" for name, section in sections.items())
    return f"{title}\n\n{learned}\n\n{text}\n"


def rows_seen(known: dict[str, Any]) -> str:
    """Say what rows are."""
    if known["image_shape"] is None:
        return f"rows of {known['n_features_in']} columns"
    (height, width), channels = sides_and_channels(known["image_shape"])
    seen = f"images of {height}×{width} pixels"
    return seen if channels == 1 else f"{seen} with {channels} channels"


def _data(known: dict[str, Any]) -> str:
    record = known["record"]
    parts = []
    if record is None:
        parts.append("It is not known how many samples there were of each class.")
    else:
        if record["notes"]:
            parts.append(record["notes"])
        copies = known["copies"]
        also = f", and {copies} deformed {'copy' if copies == 1 else 'copies'} of each"
        parts.append(
            f"{sum(record['counts']):,} samples, {rows_seen(known)}{also if copies else ''}:\n\n"
            + table(["class", "samples"], _counts(known["classes"], record["counts"]))
        )
    if known["feature_names"] is not None:
        names = ", ".join(f"`{name}`" for name in known["feature_names"])
        parts.append(f"Columns: {names}.")
    if record is None or not record["notes"]:
        parts.append("Where the data are from was not said when the model was saved.")
    return "\n\n".join(parts)


def _counts(classes: list[Any], counts: list[int]) -> list[tuple[str, str]]:
    rows = [(str(label), f"{count:,}") for label, count in zip(classes, counts, strict=True)]
    if len(rows) > _MOST_ROWS:
        rest = counts[_MOST_ROWS:]
        more = f"{len(rest):,} more, of {min(rest):,} to {max(rest):,} each", f"{sum(rest):,}"
        rows = [*rows[:_MOST_ROWS], more]
    return rows


def network_section(known: dict[str, Any]) -> str:
    """Say of what steps the network is, and how it was set."""
    steps = []
    decision = decision_from_header(known["decision"])
    if decision is not None and decision.trials:
        steps.append(f"how images are looked at: {decision.line()}")
    if known["frame"] is not None:
        steps.append(_frame(Frame(**known["frame"]), known["image_shape"]))
    for bank in known["banks"]:
        if known["image_shape"] is None:  # of an earlier version
            steps.append(f"{bank['modes']} hidden modes, coupled to all columns")
            continue
        (height, width), (rows, columns) = bank["patch"], bank["positions"]
        mirrored = ", and in the mirror image" if bank["mirrored"] else ""
        innate = "innate " if bank["relative"] else ""
        root = " of the square root of brightness" if bank["root"] else ""
        across = f" with all {bank['channels']} channels" if bank["channels"] > 1 else ""
        steps.append(
            f"{bank['modes']} {innate}hidden modes, coupled to patches{root} of {height}×{width} "
            f"pixels{across} at {rows}×{columns} positions{mirrored}; their codes are means over "
            f"{bank['regions']} regions"
        )
    codes = {
        "both": "mean amplitude and spiking frequency",
        "amplitude": "mean amplitude",
        "rate": "spiking frequency",
        "analytic": "the paper's analytic frequency",
        "relu": "none of a wave, but max(γ, 0)",
    }[known["response"]]
    total = sum(bank["features"] for bank in known["banks"])
    if known["banks"]:
        steps.append(f"codes: {codes}; {total:,} in all")
    else:
        steps.append("columns are standardised and compared as they are")
    if "readout" in known:
        steps += _memory(known["readout"])
    steps.append(f"{known['n_parameters']:,} numbers in all")
    settings = {name: value for name, value in known["settings"].items() if value is not None}
    rows = [(f"`{name}`", f"`{value!r}`") for name, value in settings.items()]
    given = ", ".join(f"`{name}={value!r}`" for name, value in known["parameters"].items())
    return (
        "\n".join(f"- {step}" for step in steps)
        + "\n\n"
        + table(["setting", "value"], rows)
        + f"\n\nParameters that are not the default: {given or 'none'}."
    )


def _memory(found: dict[str, Any]) -> list[str]:
    if found["kind"] == "linear":
        return [
            f"{found['modes']}, coupled to all codes in closed form (ridge "
            f"{found['ridge']:.3g}), by an earlier version"
        ]
    of = f"{found['rows']:,} {found['kind']}"
    also = f" in {found['components']:,} principal components" if found["projected"] else ""
    return [
        f"a memory of {of}{also}",
        f"{found['modes']}, coupled through a continuum of random modes (code "
        f"{found['code']}) to all of these, in closed form (noise {found['noise']:.3g}, relative "
        f"residual {found['residual']:.1g})",
    ]


def _frame(frame: Frame, image: tuple[int, int]) -> str:
    height, width = frame.size or image
    also = [f"scaled (strength {frame.strength:g})"]
    also += ["deskewed"] if frame.deskew else []
    also += [f"made rounder ({frame.roundness:g})"] if frame.roundness else []
    return f"images are centred, {', '.join(also)}, and seen at {height}×{width} pixels"


def _measured(known: dict[str, Any]) -> str:
    record, found = known["record"], []
    if record is not None:
        how = (
            "by class modes that were solved without all of these"
            if record["together"]
            else "each by class modes that were solved without it"
        )
        found.append(
            f"accuracy {record['left_out_accuracy']:.4f} on {record['left_out']:,} of the samples, "
            f"{how}; the hidden modes were made from samples that may be among them, without labels"
        )
        for one in record["trained"]:
            kept = "trained" if one["trained"] > one["constructed"] else "constructed"
            found.append(
                f"trained for {one['seconds']:.0f} s{'' if one['complete'] else ', interrupted'}: "
                f"accuracy on samples that were not learned {one['constructed']:.4f} constructed, "
                f"{one['trained']:.4f} trained; the {kept} modes were kept"
            )
    found += [
        f"mean squared error of left-out criticalities: {known['noise']:.4g}",
        f"inverse temperature of probabilities, fitted to these: {known['sharpness']:.4g}",
        f"variance that 1 % of left-out samples exceed (usual uncertainty): "
        f"{known['usual_uncertainty']:.4g}",
    ]
    return (
        "\n".join(f"- {item}" for item in found)
        + "\n\nWhat it does on data of your own is not known to it: `clf.score(X, y)` says."
    )


def _use(known: dict[str, Any]) -> str:
    text = (
        f"Give it {rows_seen(known)} that are like those it learned. It answers with one of its "
        "classes, their probabilities, and an uncertainty that says whether the input is like what "
        "it learned."
    )
    if known["frame"] is not None:
        text += " Place, size and slant of what is in a picture are evened out first."
    if known["convention"] is not None:
        text += f" They must have {known['convention']['said']}."
        if channels := known["convention"].get("channels"):
            ranges = ", ".join(f"{one['low']:g} to {one['high']:g}" for one in channels)
            text += f" Each channel has its own range, in order: {ranges}."
    if any(bank["mirrored"] for bank in known["banks"]):
        text += " An image and its mirror image are the same to it."
    learns = "can learn on (`partial_fit`)" if known["updatable"] else "cannot learn on"
    return f"{text} As kept here it {learns}."


def _limits(known: dict[str, Any]) -> str:
    items = [
        "Probabilities say which class, given that it is one of these; they can be high "
        "for what is none of them. Refuse what has an uncertainty above the usual one.",
        "They were calibrated on samples like those learned, and hold for such alone.",
    ]
    record = known["record"]
    if record is not None and len(record["counts"]) > 1:
        fewest, most = min(record["counts"]), max(record["counts"])
        if most > 2 * fewest:
            label = known["classes"][record["counts"].index(fewest)]
            items.append(
                f"Classes were not equally frequent: `{label}` has the fewest samples, {fewest:,}; "
                f"the most of one class are {most:,}. The accuracy above is that of all together."
            )
    return "\n".join(f"- {item}" for item in items)


def _loading(known: dict[str, Any]) -> str:
    shape = known["image_shape"]
    wanted = f"(n, {known['n_features_in']})"
    if shape is not None:
        wanted += f" or (n, {', '.join(map(str, shape))})"
    return f"""```python
import wetcow as wc

clf = wc.WaveClassifier.load("MODEL.wetcow")
clf.predict(X)                                       # X: {wanted}
clf.predict_proba(X)
clf.uncertainty(X) > clf.uncertainty_threshold_      # unlike what was learned
```"""


def table(head: list[str], rows: list[tuple[str, str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---", "---:" if head[1] == "samples" else "---"], *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )
