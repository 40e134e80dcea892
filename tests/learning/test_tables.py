"""Tables as users have them: what columns become, gaps, categories."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from wetcow import WaveClassifier, WaveFeatures, WaveRegressor
from wetcow.learning.model.memory.stored import Kernel
from wetcow.modes.kernel_matrix import kernel_matrix, unit_rows

pandas = pytest.importorskip("pandas")


@pytest.fixture
def cells():
    """Two layers, and depths of which some are missing."""
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({"layer": rng.choice(["II", "V"], 120), "depth": rng.normal(size=120)})
    labels = (frame["layer"] == "V") ^ (frame["depth"] > 0)
    frame.loc[::10, "depth"] = np.nan
    return frame, labels.to_numpy()


def test_classes_are_those_of_the_formula():
    """Columns divided by the root of their number, a one beside them, unit length."""
    X, y = load_iris(return_X_y=True)
    X, first = np.unique(X, axis=0, return_index=True)  # equal flowers would be one example
    y = y[first]
    clf = WaveClassifier().fit(X, y)
    columns = (X - X.mean(axis=0)) / X.std(axis=0) / 2
    rows = unit_rows(np.column_stack([columns, np.ones(len(X))]))
    np.testing.assert_allclose(clf.memory_.rows, rows, atol=1e-6)
    inner = kernel_matrix(rows, None, Kernel().series)
    targets = np.eye(3)[y]
    coupling = np.linalg.solve(inner + 0.03 * np.eye(len(X)), targets - targets.mean(axis=0))
    wanted = inner @ coupling + targets.mean(axis=0)
    np.testing.assert_allclose(clf.criticality(X), wanted, atol=1e-2)
    assert clf.settings_.noise == 0.03


def test_pipelines_prepare_gaps_and_categories(cells):
    frame, labels = cells
    prepare = make_column_transformer(
        (OneHotEncoder(), ["layer"]), (SimpleImputer(add_indicator=True), ["depth"])
    )
    model = make_pipeline(prepare, WaveClassifier()).fit(frame[:90], labels[:90])
    known = frame["depth"][90:].notna().to_numpy()
    assert np.mean(model.predict(frame[90:])[known] == labels[90:][known]) > 0.85


@pytest.mark.parametrize("kind", [WaveClassifier, WaveRegressor, WaveFeatures])
def test_gaps_name_the_imputer(cells, kind):
    frame, labels = cells
    expected = f"SimpleImputer: make_pipeline.SimpleImputer.., {kind.__name__}"
    with pytest.raises(ValueError, match=expected):
        kind().fit(frame[["depth"]], labels)
    whole = frame[["depth"]].fillna(0)
    fitted = kind().fit(whole, labels)
    ask = fitted.transform if kind is WaveFeatures else fitted.predict
    with pytest.raises(ValueError, match=expected):
        ask(frame[["depth"]])


def test_categories_name_their_columns_and_the_encoder(cells):
    frame, labels = cells
    with pytest.raises(ValueError, match=r"columns layer of X are no numbers.*OneHotEncoder"):
        WaveClassifier().fit(frame.fillna(0), labels)
