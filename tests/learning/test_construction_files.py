"""What fit has computed is kept in files, from which a killed one goes on with the same result."""

import numpy as np
import pytest
from conftest import interrupted

import wetcow as wc
from wetcow.cli.learn import learn, set_aside
from wetcow.learning.data import rows
from wetcow.learning.memory import examples
from wetcow.learning.model.memory import memorize
from wetcow.learning.model.memory.checkpoint import StateFileError
from wetcow.learning.model.memory.stored import FEW

SMALL = {"n_modes": 8, "patch_size": 3, "frame": None, "mirror": False, "tolerance": 1e-4}


@pytest.fixture(scope="module")
def images():
    """More images than are solved for directly."""
    X, y = wc.datasets.load("digits")
    rng = np.random.default_rng(0)
    more = np.concatenate([X, X[: FEW + 100 - len(X)]]).astype(np.float32)
    noise = rng.uniform(0, 0.1, more.shape).astype(np.float32)
    return np.clip(more + noise, 0, more.max()), np.concatenate([y, y[: FEW + 100 - len(y)]])


@pytest.fixture(scope="module")
def straight(images):
    return wc.WaveClassifier(**SMALL).fit(*images)


@pytest.fixture(scope="module")
def codes(images, tmp_path_factory):
    """What is left of a fit that was interrupted before it solved."""
    folder = tmp_path_factory.mktemp("interrupted")
    with (
        pytest.MonkeyPatch.context() as patch,
        interrupted(patch, examples, "memorize_examples", 1),
    ):
        wc.WaveClassifier(checkpoint=folder / "state", **SMALL).fit(*images)
    assert {file.name for file in folder.iterdir()} == {"state.codes"}
    return (folder / "state.codes").read_bytes()


def same(one, other):
    np.testing.assert_array_equal(one.memory_.coupling, other.memory_.coupling)
    np.testing.assert_array_equal(one.memory_.rows, other.memory_.rows)
    assert one.inverse_temperature_ == other.inverse_temperature_
    assert one.uncertainty_threshold_ == other.uncertainty_threshold_


@pytest.mark.slow
def test_codes_are_not_computed_again(images, codes, straight, tmp_path, monkeypatch):
    path = tmp_path / "state"
    (tmp_path / "state.codes").write_bytes(codes)
    monkeypatch.setattr(rows, "collect_rows", lambda *_: pytest.fail("codes were computed"))
    # The size of the cache does not matter.
    again = wc.WaveClassifier(checkpoint=path, cache_size=7e9, **SMALL).fit(*images)
    same(again, straight)


@pytest.mark.slow
def test_the_solution_goes_on(images, straight, tmp_path, monkeypatch):
    path, seen = tmp_path / "state", []
    solve = memorize.solve

    def stopping(*args, progress, **kwargs):
        def tell(now):
            seen.append(now.iteration)
            if len(seen) == 3:
                raise KeyboardInterrupt

        return solve(*args, progress=tell, **kwargs)

    monkeypatch.setattr(memorize, "solve", stopping)
    with pytest.raises(KeyboardInterrupt):
        wc.WaveClassifier(checkpoint=path, **SMALL).fit(*images)
    stopped = len(seen)
    again = wc.WaveClassifier(checkpoint=path, **SMALL).fit(*images)
    assert stopped == 3 and min(seen[stopped:]) > seen[stopped - 1]
    same(again, straight)


@pytest.mark.slow
def test_a_regressor_goes_on_with_the_same_result(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(FEW + 100, 3))
    y = np.column_stack([np.sin(X[:, 0]), X[:, 1] + 0.1 * rng.normal(size=len(X))])
    straight = wc.WaveRegressor().fit(X, y)
    parts = wc.WaveRegressor(checkpoint=tmp_path / "parts").partial_fit(X[:50], y[:50])
    assert parts.memory_ is not None and not list(tmp_path.iterdir())  # of fit alone
    with monkeypatch.context() as patch, interrupted(patch, examples, "memorize_examples", 1):
        wc.WaveRegressor(checkpoint=tmp_path / "state").fit(X, y)
    assert [file.name for file in tmp_path.iterdir()] == ["state.codes"]
    monkeypatch.setattr(rows, "collect_rows", lambda *_: pytest.fail("codes were computed"))
    again = wc.WaveRegressor(checkpoint=tmp_path / "state").fit(X, y)
    np.testing.assert_array_equal(again.memory_.coupling, straight.memory_.coupling)
    np.testing.assert_array_equal(again.values_.spread, straight.values_.spread)
    with pytest.raises(StateFileError, match="of other examples or parameters"):
        wc.WaveRegressor(checkpoint=tmp_path / "state").fit(X, y[::-1])


@pytest.mark.parametrize("change", ["data", "labels", "parameters", "damage"])
def test_files_of_something_else_are_refused_before_work(
    images, codes, tmp_path, monkeypatch, change
):
    X, y = images
    parameters, kept = dict(SMALL), tmp_path / "state.codes"
    kept.write_bytes(codes)
    message = "of other examples or parameters"
    if change == "data":
        X = X[::-1]
    elif change == "labels":
        y = y[::-1]
    elif change == "parameters":
        parameters["noise"] = 0.2
    else:
        kept.write_bytes(kept.read_bytes()[:-50])
        message = "damaged"
    before = kept.read_bytes()
    monkeypatch.setattr(
        wc.WaveClassifier, "_construct", lambda *_: pytest.fail("work began before it was refused")
    )
    with pytest.raises(StateFileError, match=message):
        wc.WaveClassifier(checkpoint=tmp_path / "state", **parameters).fit(X, y)
    assert kept.read_bytes() == before


def test_what_differs_each_time_cannot_be_kept(images, tmp_path):
    with pytest.raises(ValueError, match="integer as random_state"):
        wc.WaveClassifier(checkpoint=tmp_path / "state", random_state=None).fit(*images)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_command_goes_on_and_begins_anew(tmp_path, monkeypatch):
    path = tmp_path / "state"
    first = learn("digits", n_modes=8, checkpoint=path)
    with monkeypatch.context() as patch:
        patch.setattr(rows, "collect_rows", lambda *_: pytest.fail("codes were computed"))
        again = learn("digits", n_modes=8, checkpoint=path)
    assert again["test_errors"] == first["test_errors"]
    set_aside(path)
    assert {file.name for file in tmp_path.iterdir()} == {"state.codes.old"}
