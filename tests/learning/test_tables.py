"""Tables as users have them: what columns become, gaps, categories."""

import warnings

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris, make_friedman1
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from wetcow import WaveClassifier, WaveFeatures, WaveRegressor
from wetcow.learning.data.samples import Samples
from wetcow.learning.memory.noise import NOISES, least_noise
from wetcow.learning.memory.relevance import evidence
from wetcow.learning.memory.scale import SCALES, find_scales
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
    clf = WaveClassifier(noise=0.03).fit(X, y)
    columns = (X - X.mean(axis=0)) / X.std(axis=0) / 2
    rows = unit_rows(np.column_stack([columns, np.ones(len(X))]))
    np.testing.assert_allclose(clf.memory_.rows, rows, atol=1e-6)
    inner = kernel_matrix(rows, None, Kernel().series)
    targets = np.eye(3)[y]
    coupling = np.linalg.solve(inner + 0.03 * np.eye(len(X)), targets - targets.mean(axis=0))
    wanted = inner @ coupling + targets.mean(axis=0)
    np.testing.assert_allclose(clf.criticality(X), wanted, atol=1e-2)
    assert clf.settings_.noise == 0.03


def test_one_scale_and_noise_are_those_of_least_left_out_error():
    """By solving without each example in turn; so many columns have one scale."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(36, 101))
    y = X[:, :40].sum(axis=1)
    model = WaveRegressor().fit(X, y)
    columns = (X - X.mean(axis=0)) / X.std(axis=0) / np.sqrt(101)
    values = (y - y.mean()) / y.std()
    errors = {}
    for scale in SCALES:
        rows = unit_rows(np.column_stack([scale * columns, np.ones(36)]))
        inner = kernel_matrix(rows, None, Kernel().series)
        for noise in NOISES:
            missed = []
            for one in range(36):
                rest = np.arange(36) != one
                noisy = inner[np.ix_(rest, rest)] + noise * np.eye(35)
                missed.append(inner[one, rest] @ np.linalg.solve(noisy, values[rest]) - values[one])
            errors[scale, noise] = np.mean(np.square(missed))
    scale, noise = min(errors, key=errors.__getitem__)
    assert scale != 1 and model.settings_.noise == noise
    np.testing.assert_allclose(model.hidden_.scale, X.std(axis=0) / scale)
    rows = unit_rows(np.column_stack([scale * columns, np.ones(36)]))
    np.testing.assert_allclose(model.memory_.rows, rows, atol=1e-6)


def test_slopes_of_the_evidence_are_its_differences():
    rng = np.random.default_rng(0)
    columns, targets = rng.normal(size=(30, 4)) / 2, rng.normal(size=(30, 2))
    weights = rng.integers(1, 3, 30).astype(float)
    targets -= np.average(targets, axis=0, weights=weights)
    given = columns, targets, weights, Kernel().series, np.zeros(4)
    x = np.array([0.1, -0.2, 0.3, 0.0, -2.0])
    slopes = approx_fprime(x, lambda at: evidence(at, *given)[0], 1e-6)
    np.testing.assert_allclose(evidence(x, *given)[1], slopes, rtol=1e-4)


def test_evidence_knows_weights_as_repetition():
    """But for what only weights and noise say of repeated values, which no scale changes."""
    rng = np.random.default_rng(1)
    columns, targets = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    weights = np.repeat([1.0, 3.0], 10)
    targets -= np.average(targets, axis=0, weights=weights)
    again = [np.repeat(part, weights.astype(int), axis=0) for part in (columns, targets)]
    slopes = []
    for parts in ([columns, targets, weights], [*again, np.ones(40)]):
        at = np.array([0.3, 0.1, -0.4, -1.0])
        slopes.append(evidence(at, *parts, Kernel().series, np.zeros(3))[1][:3])
    np.testing.assert_allclose(*slopes, rtol=1e-6)


def test_columns_that_do_not_matter_are_made_small():
    X, y = make_friedman1(150, noise=1.0, random_state=0)
    model = WaveRegressor().fit(X, y)
    scales = X.std(axis=0) / model.hidden_.scale
    assert scales[:4].min() > 3 * scales[5:].max()  # the fifth is seen as a straight line
    new, wanted = make_friedman1(300, noise=1.0, random_state=1)
    assert model.score(new, wanted) > WaveRegressor(noise=0.01).fit(X, y).score(new, wanted) + 0.05


def test_classes_are_seen_as_far_apart_as_it_helps():
    """Where one column of twelve decides, a plane is nearer to it than the usual scale."""
    rng = np.random.default_rng(5)
    X, labels = rng.uniform(-1, 1, (160, 12)), rng.integers(0, 2, 160)
    assert WaveClassifier().fit(X, labels).settings_.noise >= 10  # there is nothing to remember
    new = rng.uniform(-1, 1, (500, 12))
    found = WaveClassifier().fit(X, X[:, 0] > 0)
    scales = X.std(axis=0) / found.hidden_.scale
    assert scales[0] > 3 * scales[1:].max()
    usual = WaveClassifier(noise=0.03).fit(X, X[:, 0] > 0)
    np.testing.assert_allclose(usual.hidden_.scale, X.std(axis=0))
    assert found.score(new, new[:, 0] > 0) > usual.score(new, new[:, 0] > 0) + 0.02


def test_the_usual_scale_stays_without_a_gain():
    """Of one class there is nothing to tell apart."""
    X = np.repeat(np.eye(3) * 9, 12, axis=0) + np.random.default_rng(0).normal(size=(36, 3))
    samples = Samples(
        hidden=WaveFeatures().fit(X).hidden_, X=X, labels=np.zeros(36, int), n_classes=1
    )
    found = find_scales(samples, Kernel(), NOISES, np.random.default_rng(0))
    assert np.array_equal(found.scales, np.ones(3)) and found.noise == Kernel().noise


def test_weights_are_repetition_when_scales_are_chosen():
    X, y = make_friedman1(60, noise=1.0, random_state=3)
    labels, weights = y > y.mean(), np.random.default_rng(1).integers(1, 4, 60)
    found = WaveClassifier().fit(X, labels, sample_weight=weights)
    expected = WaveClassifier().fit(X.repeat(weights, axis=0), labels.repeat(weights))
    np.testing.assert_allclose(found.hidden_.scale, expected.hidden_.scale, rtol=1e-9)
    assert found.settings_.noise == expected.settings_.noise
    np.testing.assert_allclose(found.criticality(X), expected.criticality(X), atol=1e-6)


def test_the_order_of_rows_does_not_matter_to_scales():
    X, y = make_friedman1(80, noise=1.0, random_state=3)
    order = np.random.default_rng(0).permutation(80)
    one, other = WaveRegressor().fit(X, y), WaveRegressor().fit(X[order], y[order])
    assert np.ptp(X.std(axis=0) / one.hidden_.scale) > 0.1  # each column has its own
    np.testing.assert_allclose(one.hidden_.scale, other.hidden_.scale, rtol=1e-6)
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-5)


def test_chosen_scales_are_kept_in_files_and_by_what_learns_on(tmp_path):
    X, y = make_friedman1(90, noise=0.1, random_state=4)
    model = WaveRegressor().partial_fit(X[:60], y[:60])
    assert not np.allclose(model.hidden_.scale, X[:60].std(axis=0))
    before = model.hidden_.scale
    model.partial_fit(X[60:], y[60:])
    assert np.array_equal(model.hidden_.scale, before)
    model.save(tmp_path / "model.wetcow")
    again = WaveRegressor.load(tmp_path / "model.wetcow")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


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


@pytest.mark.slow
def test_more_rows_than_single_precision_can_tell_apart_have_more_noise():
    """The first rows follow from their columns alone; what comes later contradicts them."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 10, (2400, 3))
    y = X[:, 0] + X[:, 1] > np.where(np.arange(2400) < 1000, 8, 9)
    clf = WaveClassifier(image_shape=None).partial_fit(X[:250], y[:250])
    assert clf.settings_.noise < 1e-3
    clf.partial_fit(X[250:1000], y[250:1000])
    first = clf.settings_.noise
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.partial_fit(X[1000:], y[1000:])
    assert clf.memory_.reached and clf.settings_.noise == least_noise(2400) > first
    assert clf.score(X[1000:], y[1000:]) > 0.9
    given = WaveClassifier(image_shape=None, noise=0.01).partial_fit(X[:250], y[:250])
    assert given.partial_fit(X[250:], y[250:]).settings_.noise == 0.01  # what is given stays
