"""The memory of examples: against direct solutions, scikit-learn and itself interrupted."""

import itertools

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_ridge import KernelRidge

import wetcow as wc
from wetcow.learning.data.samples import targets_of
from wetcow.learning.model.memory import memorize
from wetcow.learning.model.memory.checkpoint import StateFileError
from wetcow.learning.model.memory.direct import memorize_directly
from wetcow.learning.model.memory.landmarks import Landmarks, Variance, solve_landmarks
from wetcow.learning.model.memory.memorize import memorize_examples, room_for_tiles
from wetcow.learning.model.memory.operators import Nystroem, Tiles, tile_bytes
from wetcow.learning.model.memory.projection import fit_projection
from wetcow.learning.model.memory.recall import (
    leave_one_out,
    memory_of_landmarks,
    recalled,
)
from wetcow.learning.model.memory.solver import Progress, System, solve
from wetcow.learning.model.memory.stored import Kernel
from wetcow.learning.model.statistics import Statistics
from wetcow.modes.kernel_matrix import kernel_matrix, unit_rows
from wetcow.modes.kernel_series import kernel_series

N, D, CLASSES = 400, 20, 4


@pytest.fixture(scope="module")
def examples():
    """Unit rows around the means of classes, their labels, and new ones."""
    rng = np.random.default_rng(3)
    labels = rng.integers(CLASSES, size=N + 100)
    rows = rng.normal(size=(CLASSES, D))[labels] + 1.5 * rng.normal(size=(N + 100, D))
    rows = unit_rows(rows.astype(np.float32))
    return rows[:N], targets_of(labels[:N], CLASSES), rows[N:]


def direct(rows, targets, kernel):
    """Couplings and bias by a dense solution in double precision."""
    matrix = kernel_matrix(rows.astype(float), None, kernel.series)
    bias = targets.mean(0, dtype=float)
    return np.linalg.solve(matrix + kernel.noise * np.eye(len(rows)), targets - bias), bias


def landmark_memory(rows, targets, chosen, kernel):
    landmarks = Landmarks(rows[chosen], kernel.series)
    statistics = Statistics.of(landmarks.features(rows), targets)
    return landmarks, statistics, solve_landmarks(statistics, kernel.noise)


# Known answers


@pytest.mark.parametrize("tolerance", [0.3, 1e-2, 1e-3, 1e-5, 1e-9])
def test_residual_is_honest(examples, tolerance):
    rows, targets, _ = examples
    kernel = Kernel()
    memory = memorize_examples(rows, targets, kernel, tolerance=tolerance)
    matrix = Tiles(rows, kernel.series, 0).exact(np.eye(N)) + kernel.noise * np.eye(N)
    right = targets - memory.bias
    left = right - matrix @ memory.coupling
    found = (np.linalg.norm(left, axis=0) / np.linalg.norm(right, axis=0)).max()
    assert memory.residual <= tolerance and memory.reached
    rounding = 1e-4 if tolerance > 1e-3 else 1e-14  # in single precision, or in double
    assert found == pytest.approx(memory.residual, rel=1e-6, abs=rounding)


def test_says_what_rounding_does_not_allow(examples):
    rows, targets, _ = examples
    with pytest.warns(ConvergenceWarning, match=r"relative residual is .*, not the 1e-18"):
        memory = memorize_examples(rows, targets, tolerance=1e-18)
    assert not memory.reached and 1e-18 < memory.residual < 1e-12
    with pytest.warns(ConvergenceWarning, match="after 2 iterations"):
        memory = memorize_examples(rows, targets, tolerance=1e-5, max_iterations=2)
    assert memory.iterations == 2 and memory.residual > 1e-5


def test_a_residual_that_products_cannot_tell_is_computed_exactly(rng):
    """Products lose digits, as in single precision where couplings are large."""
    turn, _ = np.linalg.qr(rng.normal(size=(60, 60)))
    matrix = (turn * np.geomspace(1, 1e-3, 60)) @ turn.T

    def coarse(vectors):
        return matrix.astype(np.float32) @ vectors.astype(np.float16).astype(np.float32)

    system = System(
        product=coarse,
        exact_product=lambda vectors: matrix @ vectors,
        precondition=lambda vectors: vectors,
        noise=1e-3,
        known=np.ones((60, 1)),
    )
    right = rng.normal(size=(60, 1))
    found = solve(system, right, tolerance=0.008)
    left = right - matrix @ found.alpha - 1e-3 * found.alpha
    assert found.reached
    assert np.linalg.norm(left) / np.linalg.norm(right) == pytest.approx(found.residual)


@pytest.mark.slow
def test_iterations_that_get_lost_return_the_best_of_them():
    """Rows are nearly the same, and what is asked of them contradicts itself."""
    rng = np.random.default_rng(0)
    rows = unit_rows(np.hstack([np.ones((2500, 1)), 0.01 * rng.normal(size=(2500, 3))]))
    targets = targets_of(rng.integers(0, 2, 2500), 2)
    with pytest.warns(ConvergenceWarning, match="more noise"):
        memory = memorize_examples(rows.astype(np.float32), targets, Kernel(noise=1e-6))
    assert not memory.reached and memory.residual <= 1  # which is that of no couplings at all
    assert memory.iterations > 0


def test_columns_that_leave_out_examples_never_saw_them(examples):
    rows, targets, new = examples
    left_out = np.arange(N) % 5 == 0
    twice = np.hstack([targets, np.where(left_out[:, None], np.nan, targets)])
    both = memorize_examples(rows, twice, tolerance=1e-5).criticality(new)
    apart = memorize_examples(rows[~left_out], targets[~left_out], tolerance=1e-5)
    np.testing.assert_allclose(both[:, CLASSES:], apart.criticality(new), atol=1e-4)
    assert np.abs(both[:, CLASSES:] - both[:, :CLASSES]).max() > 0.01


def test_answers_do_not_depend_on_the_others(examples):
    rows, targets, new = examples
    memory = memorize_examples(rows, targets)
    together = memory.criticality(new)
    for size in (1, 9):
        np.testing.assert_allclose(memory.criticality(new[:size]), together[:size], atol=5e-5)
    assert memory.criticality(new[:0]).shape == (0, CLASSES)


def test_progress_says_how_long_it_will_take(examples):
    rows, targets, _ = examples
    reports: list[Progress] = []
    memorize_examples(rows, targets, tolerance=1e-5, progress=reports.append)
    for before, after in itertools.pairwise(reports):
        assert after.iteration > before.iteration and after.seconds >= before.seconds
    assert reports[-1].residual <= 1e-5 and reports[-1].seconds_left == 0
    assert all(one.seconds_left > 0 for one in reports[:-1])


@pytest.mark.slow
def test_odd_examples(examples):
    rows, targets, new = examples
    # One class; fewer examples than landmarks; duplicates, of which two disagree; rows of zeros.
    one = memorize_examples(rows, targets[:, :1] * 0 + 1)
    np.testing.assert_allclose(one.criticality(new), 1)
    few = memorize_examples(rows[:3], targets[:3], n_landmarks=100, tolerance=1e-6)
    exact, bias = direct(rows[:3], targets[:3], few.kernel)
    np.testing.assert_allclose(few.coupling, exact, atol=1e-3)
    single = memorize_examples(rows[:1], targets[:1])
    np.testing.assert_array_equal(single.criticality(new), np.repeat(targets[:1], len(new), 0))
    same = np.repeat(rows[:40], 3, axis=0)
    labels = np.repeat(targets[:40], 3, axis=0)
    labels[0] = 1 - labels[0]
    doubled = memorize_examples(same, labels, tolerance=1e-5)
    exact, bias = direct(same, labels, doubled.kernel)
    wanted = kernel_matrix(new.astype(float), same.astype(float), doubled.kernel.series) @ exact
    np.testing.assert_allclose(doubled.criticality(new), wanted + bias, atol=5e-4)
    blank = rows.copy()
    blank[:2] = 0
    assert np.isfinite(memorize_examples(blank, targets).criticality(blank[:4])).all()


def test_memory_is_planned_before_work_starts(monkeypatch):
    monkeypatch.setattr(memorize, "available_memory", lambda: 1e9)
    needed = 8 * 60_000 * (600 + 100) + 100 * 60_000 * 10 + 32 * 100**2
    assert room_for_tiles(60_000, 600, 100, 10, 1e7) == 1e7
    assert room_for_tiles(60_000, 600, 100, 10, np.inf) == pytest.approx(0.8 * (1e9 - needed))
    assert tile_bytes(60_000) == pytest.approx(7.3e9, rel=0.01)
    with pytest.raises(ValueError, match=r"8n\(d \+ m\) .* n=10000000.*n_memories"):
        room_for_tiles(10**7, 600, 1000, 10, 0.0)
    with pytest.raises(ValueError, match="n_memories"):
        monkeypatch.setattr(memorize, "available_memory", lambda: 1e3)
        memorize_examples(np.eye(100, dtype=np.float32), np.eye(100))


def test_projection_is_half_white(rng):
    scales = np.linspace(3, 0.2, 30)
    codes = (rng.normal(size=(3000, 30)) * scales + 8).astype(np.float32)
    projection = fit_projection(codes, 10)
    unit = unit_rows(codes.astype(float))
    values, vectors = np.linalg.eigh(np.cov(unit.T))
    values, vectors = values[:-11:-1], vectors[:, :-11:-1]
    wanted = (unit - unit.mean(0)) @ vectors * (values / values[0] + 1e-6) ** -0.25
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    found = projection(codes)
    signs = np.sign((found * wanted).sum(0))
    np.testing.assert_allclose(found * signs, wanted, atol=5e-3)
    np.testing.assert_allclose(projection(3 * codes), found, atol=1e-4)
    assert found.dtype == np.float32


def test_projection_of_few_or_equal_codes(rng):
    few = rng.random((4, 50)).astype(np.float32)
    assert fit_projection(few, 20)(few).shape == (4, 3)
    flat = rng.random((30, 2)).astype(np.float32) @ rng.random((2, 9)).astype(np.float32)
    assert fit_projection(flat, 9)(flat).shape[1] <= 2
    with pytest.raises(ValueError, match="nothing to tell them apart"):
        fit_projection(np.ones((5, 3), np.float32), 2)
    with pytest.raises(ValueError, match="nothing to tell them apart"):
        fit_projection(np.ones((1, 3), np.float32), 2)
    assert np.isfinite(fit_projection(few, 2)(np.zeros((2, 50), np.float32))).all()


def test_columns_that_know_less_take_no_more_iterations(examples):
    """They have a preconditioner of their own."""
    rows, targets, _ = examples
    left_out = np.arange(N) % 5 == 0
    both = np.hstack([targets, np.where(left_out[:, None], np.nan, targets)])
    alone = memorize_examples(rows, targets, tolerance=1e-6)
    found = memorize_examples(rows, both, tolerance=1e-6)
    assert found.iterations <= alone.iterations + 3
    apart = memorize_examples(rows[~left_out], targets[~left_out], tolerance=1e-6)
    np.testing.assert_allclose(found.coupling[~left_out, CLASSES:], apart.coupling, atol=1e-4)


@pytest.mark.slow
def test_examples_are_added_and_forgotten_exactly(examples):
    """Both are what solving anew gives, from where the memory stood, in fewer iterations."""
    rows, targets, new = examples
    whole = memorize_examples(rows, targets, tolerance=1e-6)
    part = memorize_examples(rows[:380], targets[:380], tolerance=1e-6)
    start = np.pad(part.coupling, ((0, 20), (0, 0)))
    added = memorize_examples(rows, targets, tolerance=1e-6, start=start)
    forgot = memorize_examples(
        rows[:380], targets[:380], tolerance=1e-6, start=whole.coupling[:380]
    )
    for found, wanted in ((added, whole), (forgot, part)):
        assert found.iterations < wanted.iterations
        np.testing.assert_allclose(found.criticality(new), wanted.criticality(new), atol=2e-5)
    assert np.abs(whole.criticality(new) - part.criticality(new)).max() > 0.01


def test_left_out_examples_are_predicted_as_by_a_memory_without_them(examples):
    rows, targets, _ = examples
    rows, targets, some = rows[:60], targets[:60], np.array([3, 17, 59])
    memory = memorize_examples(rows, targets, tolerance=1e-8)
    found, variance = leave_one_out(memory, targets, some, tolerance=1e-8)
    solved, every, variances = memorize_directly(rows, targets, memory.kernel)
    np.testing.assert_allclose(
        solved.coupling, memory.coupling, atol=1e-3 * abs(memory.coupling).max()
    )
    np.testing.assert_allclose(every[some], found, atol=2e-5)
    np.testing.assert_allclose(variances[some], variance, atol=2e-5)
    matrix = kernel_matrix(rows.astype(float), None, memory.kernel.series)
    for place, left in enumerate(some):
        others = np.arange(60) != left
        inner = matrix[np.ix_(others, others)] + memory.kernel.noise * np.eye(59)
        weights = np.linalg.solve(inner, matrix[others, left])
        wanted = weights @ (targets[others] - memory.bias) + memory.bias
        np.testing.assert_allclose(found[place], wanted, atol=2e-5)
        assert variance[place] == pytest.approx(1 - weights @ matrix[others, left], abs=2e-5)


def test_recalls_the_examples_with_the_largest_share(examples):
    rows, targets, new = examples
    memory = memorize_examples(rows, targets, tolerance=1e-6)
    found, shares = recalled(memory, new, count=N)
    criticality = memory.criticality(new)
    winner = criticality.argmax(1)
    sums = shares.sum(1) + memory.bias[winner]
    np.testing.assert_allclose(sums, criticality.max(1), atol=1e-4)
    assert (np.diff(shares, axis=1) <= 0).all()
    assert all(sorted(one) == list(range(N)) for one in found)
    # Most of them belong to the class that they speak for.
    best, _ = recalled(memory, new, count=5)
    np.testing.assert_array_equal(best, found[:, :5])
    assert (targets[best].argmax(2) == winner[:, None]).mean() > 0.95


@pytest.mark.slow
def test_all_examples_as_landmarks_are_the_whole_memory(examples):
    """Up to b, which ridge regression solves for instead of taking the mean of targets."""
    rows, targets, new = examples
    kernel = Kernel()
    landmarks, _, modes = landmark_memory(rows, targets, np.arange(N), kernel)
    found = memory_of_landmarks(landmarks, modes, kernel).criticality(new)
    np.testing.assert_allclose(modes.criticality(landmarks.features(new)), found, atol=1e-3)
    matrix = kernel_matrix(rows.astype(float), None, kernel.series) + kernel.noise * np.eye(N)
    bordered = np.block([[matrix, np.ones((N, 1))], [np.ones((1, N)), np.zeros((1, 1))]])
    solution = np.linalg.solve(bordered, np.vstack([targets, np.zeros((1, CLASSES))]))
    between = kernel_matrix(new.astype(float), rows.astype(float), kernel.series)
    np.testing.assert_allclose(found, between @ solution[:-1] + solution[-1], atol=3e-3)
    whole = memorize_examples(rows, targets, kernel).criticality(new)
    assert (found.argmax(1) == whole.argmax(1)).mean() > 0.97


# An independent integrator or library


@pytest.mark.slow
@pytest.mark.parametrize("code", ["amplitude", "both"])
def test_is_the_kernel_ridge_of_scikit_learn(examples, code):
    """To 1e-4 in criticality, of which 1 is the critical point: float32 against float64."""
    rows, targets, new = examples
    kernel = Kernel(code, threshold=0.4, omega=0.8, noise=0.03)
    memory = memorize_examples(rows, targets, kernel, tolerance=1e-5)
    k = wc.wave_kernel(code, threshold=0.4, omega=0.8)
    bias = targets.mean(0)
    ridge = KernelRidge(alpha=0.03, kernel=k).fit(rows.astype(float), targets - bias)
    wanted = ridge.predict(new.astype(float)) + bias
    assert memory.reached and memory.residual <= 1e-5
    assert np.abs(memory.criticality(new) - wanted).max() < 1e-4
    assert 0.1 < wanted.std()


# Properties


@pytest.mark.slow
def test_operator_is_symmetric_and_positive_definite(examples, monkeypatch):
    rows, _, _ = examples
    monkeypatch.setattr("wetcow.learning.model.memory.operators.BLOCK", 128)
    series = kernel_series("amplitude", 0.5, 0.5)
    tiles = Tiles(rows, series, np.inf)
    found = tiles(np.eye(N))
    assert tiles.size == 128 and tiles.kept == 1
    assert (found == found.T).all() and (np.diag(found) == 1).all()
    np.testing.assert_allclose(found, kernel_matrix(rows.astype(float), None, series), atol=5e-6)
    assert np.linalg.eigvalsh(found).min() > 0
    landmarks = np.arange(0, N, 7)
    inverse = Nystroem(rows, landmarks, series, 0.03, np.ones((N, N), bool), np.ones((N, 1)))(
        np.eye(N)
    )
    np.testing.assert_allclose(inverse, inverse.T, atol=1e-4)
    values = np.linalg.eigvalsh((inverse + inverse.T) / 2)
    assert values.min() > 0
    # It makes the problem easier: eigenvalues of the preconditioned matrix are nearer to 1.
    matrix = found + 0.03 * np.eye(N)
    better = np.linalg.eigvals(inverse @ matrix).real
    assert better.max() / better.min() < 0.2 * np.linalg.cond(matrix)


def test_kept_tiles_do_not_change_a_bit(examples, monkeypatch):
    rows, targets, _ = examples
    monkeypatch.setattr("wetcow.learning.model.memory.operators.BLOCK", 128)
    found = [memorize_examples(rows, targets, cache_size=size) for size in (0.0, 4e5, np.inf)]
    assert found[0].cached == 0 and 0 < found[1].cached < 1 and found[2].cached == 1
    for one in found[1:]:
        np.testing.assert_array_equal(one.coupling, found[0].coupling)


@pytest.mark.slow
def test_order_of_examples_and_preconditioner_do_not_matter(examples):
    rows, targets, new = examples
    order = np.argsort(targets.argmax(1))  # class after class
    found = memorize_examples(rows, targets, tolerance=1e-7)
    other = memorize_examples(rows[order], targets[order], tolerance=1e-7, n_landmarks=3, seed=5)
    assert other.iterations > found.iterations
    np.testing.assert_allclose(other.criticality(new), found.criticality(new), atol=5e-5)


@pytest.mark.slow
def test_sums_of_landmarks_merge_in_any_order(examples):
    rows, targets, new = examples
    kernel = Kernel()
    landmarks, whole, modes = landmark_memory(rows, targets, np.arange(0, N, 4), kernel)
    order = np.argsort(targets.argmax(1))
    parts = [
        Statistics.of(landmarks.features(rows[some]), targets[some])
        for some in np.array_split(order, 3)
    ]
    merged = parts[2].merge(parts[0]).merge(parts[1])
    assert merged.count == whole.count
    other = solve_landmarks(merged, kernel.noise).criticality(landmarks.features(new))
    np.testing.assert_allclose(other, modes.criticality(landmarks.features(new)), atol=1e-4)
    full = memorize_examples(rows, targets, kernel).criticality(new)
    assert (other.argmax(1) == full.argmax(1)).mean() > 0.9


@pytest.mark.slow
def test_variance_is_that_of_a_gaussian_process_and_fewer_landmarks_leave_more(examples):
    rows, targets, new = examples
    kernel = Kernel()
    matrix = kernel_matrix(rows.astype(float), None, kernel.series) + kernel.noise * np.eye(N)
    between = kernel_matrix(new.astype(float), rows.astype(float), kernel.series)
    exact = 1 - (between * np.linalg.solve(matrix, between.T).T).sum(1)
    before = exact - 1e-3
    for step in (1, 4, 16):
        landmarks, statistics, _ = landmark_memory(rows, targets, np.arange(0, N, step), kernel)
        variance = Variance.of(landmarks, statistics.xx, kernel.noise)
        found = variance(new)
        if step == 1:
            np.testing.assert_allclose(found, exact, atol=1e-3)
        assert (found >= before - 1e-3).all() and (found <= 1).all()
        before = found
        assert variance(rows).mean() < found.mean()
        # Unlike all examples: nothing is known.
        assert variance(-rows.mean(0, keepdims=True) / 1e3)[0] > found.mean()


# Files


def test_what_was_interrupted_goes_on_to_the_same_bits(examples, tmp_path):
    rows, targets, _ = examples
    straight = memorize_examples(rows, targets, tolerance=1e-5)
    path = tmp_path / "memory.npz"
    stopped_at = []

    def stop(progress):
        if len(stopped_at) < 3 and progress.iteration >= 3 * (len(stopped_at) + 1):
            stopped_at.append(progress.iteration)
            raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            memorize_examples(rows, targets, tolerance=1e-5, checkpoint=path, progress=stop)
    again = memorize_examples(rows, targets, tolerance=1e-5, checkpoint=path, progress=stop)
    assert stopped_at == [3, 6, 9]
    np.testing.assert_array_equal(again.coupling, straight.coupling)
    assert again.iterations == straight.iterations and again.residual == straight.residual
    # What is finished is not repeated, and can be made more accurate.
    once_more = memorize_examples(
        rows, targets, tolerance=1e-5, checkpoint=path, progress=lambda _: pytest.fail("repeated")
    )
    np.testing.assert_array_equal(once_more.coupling, straight.coupling)
    assert {file.name for file in tmp_path.iterdir()} == {"memory.npz"}


def test_a_killed_process_leaves_its_last_checkpoint(examples, tmp_path):
    rows, targets, _ = examples
    path, seen = tmp_path / "memory.npz", []

    def look(progress):
        seen.append(path.exists() and np.load(path)["iteration"].item())

    memorize_examples(rows, targets, checkpoint=path, keep_every=0.0, progress=look)
    assert seen[0] is False and seen[1:] == list(range(1, len(seen)))


# Errors


@pytest.mark.parametrize("damage", ["cut", "other", "text"])
def test_checkpoints_that_do_not_fit_are_refused(examples, tmp_path, damage):
    rows, targets, _ = examples
    path = tmp_path / "memory.npz"
    memorize_examples(rows, targets, checkpoint=path)
    message = "no checkpoint, or a damaged one"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "text":
        path.write_text("nothing")
    else:
        message, targets = "of other examples or parameters", 1 - targets
    before = path.read_bytes()
    with pytest.raises(StateFileError, match=message):
        memorize_examples(rows, targets, checkpoint=path)
    assert path.read_bytes() == before
