"""Models of series in files: features alone, or a pipeline of these and what answers from them.

A pipeline is `sklearn.pipeline.make_pipeline(SeriesFeatures(), WaveClassifier(...))`, or with a
`WaveRegressor`. Others keep as scikit-learn's own do: save the two parts each by its own means.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted

from wetcow.files import write_whole
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.estimator.regressor import WaveRegressor
from wetcow.learning.estimator.series import SeriesFeatures
from wetcow.learning.io import model as files
from wetcow.learning.io.cards import card_of
from wetcow.learning.io.container import ModelFileError, read_model, write_model
from wetcow.learning.io.kinds import CLASSIFIER, REGRESSOR, SERIES
from wetcow.learning.io.onnx import Before, onnx_model, require_onnx
from wetcow.learning.io.onnx_graph import Graph
from wetcow.learning.io.onnx_series import encode_features
from wetcow.learning.io.series import pack_series, series_facts, unpack_series
from wetcow.learning.io.soundness import UnsoundError
from wetcow.version import __version__

_ANSWERS = {CLASSIFIER: WaveClassifier, REGRESSOR: WaveRegressor}
_PART = "answers/"  # of the names of arrays


def save_series_model(
    model: Any, path: str | os.PathLike, *, updatable: bool = False, notes: str | None = None
) -> None:
    """Save features of series, or a pipeline that begins with them, to one file.

    Parameters
    ----------
    model : SeriesFeatures, or Pipeline of SeriesFeatures and a WaveClassifier or WaveRegressor
        Fitted.
    path : path
        File to write, in one step when it is complete.
    updatable, notes
        As of `WaveClassifier.save`, for what answers.

    Raises
    ------
    TypeError
        For other models.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(8, 40))
    >>> features = SeriesFeatures(84).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_series_model(features, f"{folder}/series.wetcow")
    ...     again = load_series_model(f"{folder}/series.wetcow")
    >>> bool(np.all(again.transform(X) == features.transform(X)))
    True
    """
    features, answers = _parts(model)
    series, arrays = pack_series(features)
    header: dict[str, Any] = {"kind": SERIES, "series": series, "answers": None}
    if answers is not None:
        header["answers"], others, _ = files.pack(answers, updatable=updatable, notes=notes)
        arrays.update({f"{_PART}{name}": array for name, array in others.items()})
    write_model(path, header, arrays, series_card(model))


def load_series_model(path: str | os.PathLike) -> Any:
    """Load what `save_series_model` wrote. Nothing in the file is executed.

    Returns
    -------
    SeriesFeatures or Pipeline

    Raises
    ------
    ModelFileError
        For damaged or foreign files, those of a newer version, and models of another kind.
    """
    header, arrays = read_model(path)
    if header.get("kind") != SERIES:
        raise ModelFileError(
            f"{path} is no model of series: load it by the class that saved it, as by "
            "wetcow.WaveClassifier.load"
        )
    try:
        features = unpack_series(SeriesFeatures, header["series"], arrays)
        below = header["answers"]
        if below is None:
            return features
        if below["kind"] not in _ANSWERS:
            raise UnsoundError(f"nothing answers from series by the kind {below['kind']!r}")
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path} is not a model of series: {error!r}") from error
    own = {name[len(_PART) :]: one for name, one in arrays.items() if name.startswith(_PART)}
    below = {**below, "format_version": header["format_version"]}
    answers = files.unpack(_ANSWERS[below["kind"]], below, own, path)
    count = features._n_features_out
    if answers.n_features_in_ != count:
        raise ModelFileError(
            f"{path} has {count} features of series, but what answers wants "
            f"{answers.n_features_in_}"
        )
    return make_pipeline(features, answers)


def series_card(model: Any) -> str:
    """Say what a model of series hears and, of a pipeline, what it was learned from.

    Parameters
    ----------
    model : as of `save_series_model`

    Returns
    -------
    str
        Markdown; also in the file, as README.md.
    """
    features, answers = _parts(model)
    call = "model.transform(X)" if answers is None else "model.predict(X)"
    text = (
        "# A model of series\n\n"
        f"{series_facts(features)}\n\n"
        "```python\nimport wetcow as wc\n\n"
        f'model = wc.learning.load_series_model("MODEL.wetcow")\n{call}\n```\n'
    )
    if answers is None:
        return text
    return (
        f"{text}\nWhat answers from these numbers has a card of its own, in which a row is the "
        f"numbers of one series:\n\n{card_of(answers).replace('# ', '## ')}"
    )


def series_to_onnx(model: Any, path: str | os.PathLike) -> None:
    """Write a model of series as ONNX, from series to features or answers.

    The input ``X`` is float32 (n, channels, time); series of one call have one length, that may be
    another in each call. Outputs are ``features`` (n, codes), or those of
    `wetcow.learning.io.onnx.save_onnx`.

    Parameters
    ----------
    model : as of `save_series_model`
    path : path
        File to write, in one step when it is complete.

    Raises
    ------
    ModuleNotFoundError
        If the package onnx is missing.
    TypeError
        For other models.

    Notes
    -----
    A drive within rounding of a threshold may come to its other side, which moves a share of time
    by one sample.
    """
    features, answers = _parts(model)
    require_onnx()
    graph, shape = Graph(), ("n", features.n_channels_, "time")
    rows = encode_features(graph, "X", features)
    if answers is not None:
        proto = onnx_model(answers, Before(graph=graph, rows=rows, shape=shape))
    else:
        graph("Identity", rows, name="features")
        proto = graph.model(
            "SeriesFeatures",
            {"X": (np.float32, shape)},
            {"features": (np.float32, ("n", features._n_features_out))},
            description="Features of wave modes that hear series.",
            metadata={"wetcow": __version__},
            producer=("wetcow", __version__),
        )
    write_whole(path, proto.SerializeToString())


def _parts(model: Any) -> tuple[SeriesFeatures, Any]:
    """Features of a fitted model, and what answers from them or None."""
    steps = [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    kinds = (SeriesFeatures, tuple(_ANSWERS.values()))
    right = all(isinstance(step, kind) for step, kind in zip(steps, kinds, strict=False))
    if not right or len(steps) not in (1, 2):
        names = ", ".join(type(step).__name__ for step in steps)
        raise TypeError(
            "a model of series is SeriesFeatures, or a pipeline of SeriesFeatures and a "
            f"WaveClassifier or WaveRegressor, got {names}: save others part by part"
        )
    for step in steps:
        check_is_fitted(step)
    return steps[0], steps[1] if len(steps) == 2 else None
