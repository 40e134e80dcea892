"""Cards of all kinds of estimators; that of a classifier is in `card`."""

from __future__ import annotations

from typing import Any

from wetcow.learning.io.card import (
    memory_facts,
    model_card,
    network_section,
    rows_seen,
    shared_facts,
)
from wetcow.learning.io.kinds import CLASSES, FEATURES, REGRESSOR


def card_of(estimator: Any) -> str:
    """Return the card of a fitted estimator, Markdown; see `WaveClassifier.card`."""
    if estimator._kind == REGRESSOR:
        return values_card(estimator)
    if estimator._kind == FEATURES:
        return features_card(estimator)
    return model_card(estimator)


def values_card(regressor: Any) -> str:
    """Return the card of a fitted `wetcow.WaveRegressor`."""
    count, units = regressor.n_outputs_, regressor.values_
    modes = "a mode for the value" if count == 1 else f"{count} modes, one for each value"
    known = {**shared_facts(regressor), **memory_facts(regressor, modes)}
    record, noise = known["record"], regressor.settings_.noise
    how = "all at once" if record["together"] else "each alone"
    learns = "can learn on (`partial_fit`)" if known["updatable"] else "cannot learn on"
    sections = {
        "Data": _data(known, f"{sum(record['counts']):,} samples, {rows_seen(known)}."),
        "Network": network_section(known),
        "What was measured": (
            f"- R² {record['left_out_accuracy']:.4f} on {record['left_out']:,} of the samples, "
            f"left out {how} (the mean of outputs)\n"
            f"- means of values: {_numbers(units.center)}; standard deviations: "
            f"{_numbers(units.scale)}\n"
            f"- standard deviations of predictions are between "
            f"{_numbers(units.scale * (units.spread * noise) ** 0.5)}, for what is known best, and "
            f"{_numbers(units.scale * (units.spread * (1 + noise)) ** 0.5)}\n"
            f"- variance that 1 % of left-out samples exceed (usual uncertainty): "
            f"{regressor.uncertainty_threshold_:.4g}\n\n"
            "What it does on data of your own is not known to it: `model.score(X, y)` says."
        ),
        "Use": (
            f"Give it {rows_seen(known)} that are like those it learned. It answers with "
            f"{'a value' if count == 1 else f'{count} values'} and, if asked, their standard "
            f"deviation. As kept here it {learns}."
        ),
        "Limits": (
            "- Far from all that was learned the answer is the mean of what was, with a large "
            "standard deviation.\n"
            "- Standard deviations were calibrated on samples like those learned: they hold in the "
            "mean, and for such alone."
        ),
    }
    calls = (
        "model.predict(X)\n"
        "model.predict(X, return_std=True)\n"
        "model.uncertainty(X) > model.uncertainty_threshold_  # unlike what was learned"
    )
    values = "1 value" if count == 1 else f"{count} values"
    learned = f"Learned on {record['date']} (UTC) by wetcow {record['wetcow']}."
    return _card(regressor, f"{rows_seen(known)} to {values}", learned, sections, calls)


def features_card(features: Any) -> str:
    """Return the card of a fitted `wetcow.WaveFeatures`."""
    known = shared_facts(features)
    count = features.hidden_.n_codes
    sections = {
        "Data": _data(known, f"{rows_seen(known).capitalize()}; no labels are in what was made."),
        "Network": network_section(known),
        "Use": f"Give it {rows_seen(known)}. It answers with {count:,} numbers for each, not "
        "standardised.",
    }
    calls = "model.transform(X)\nmodel.get_feature_names_out()"
    return _card(features, f"{rows_seen(known)} to {count:,} features", "", sections, calls)


def _card(estimator: Any, title: str, learned: str, sections: dict[str, str], calls: str) -> str:
    name = CLASSES[estimator._kind]
    opened = f'import wetcow as wc\n\nmodel = wc.{name}.load("MODEL.wetcow")'
    sections = {**sections, "How to load": f"```python\n{opened}\n{calls}\n```"}
    text = "\n\n".join(f"## {name}\n\n{section}" for name, section in sections.items())
    return "\n\n".join(part for part in (f"# {name}: {title}", learned, text) if part) + "\n"


def _data(known: dict[str, Any], what: str) -> str:
    record, parts = known["record"], [what]
    if record is not None and record["notes"]:
        parts.insert(0, record["notes"])
    if known["feature_names"] is not None:
        names = ", ".join(f"`{name}`" for name in known["feature_names"])
        parts.append(f"Columns: {names}.")
    if record is not None and not record["notes"]:
        parts.append("Where the data are from was not said when the model was saved.")
    return "\n\n".join(parts)


def _numbers(values: Any) -> str:
    return ", ".join(f"{value:.4g}" for value in values)
