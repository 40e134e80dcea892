"""Diffusion MRI: dipy's real volume, made-up volumes whose tensors are known, and broken files."""

import gzip
import json
import pathlib

import numpy as np
import pytest
from fuzz import volumes
from tissues import random_tensors
from typer.testing import CliRunner

import wetcow as wc
from wetcow.cli import app
from wetcow.tissue import errors, mri
from wetcow.tissue.mri import maps
from wetcow.tissue.tensors import check_mask

nibabel = pytest.importorskip("nibabel")
dipy_data = pytest.importorskip("dipy.data")


@pytest.fixture(scope="module")
def real():
    """Paths of the image, b-values and b-vectors of small_64D."""
    return dipy_data.get_fnames(name="small_64D")


def write(folder, tensors, affine, rng, flip=False):
    """A volume without noise of known tensors, mm²/s along the array's axes, as FSL has it."""
    directions = rng.normal(size=(30, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    bvals = np.r_[0, 0, np.full(30, 1000.0)]
    bvecs = np.vstack([np.zeros((2, 3)), directions])
    decay = np.einsum("ni,...ij,nj->...n", bvecs, tensors, bvecs) * bvals
    nibabel.save(
        nibabel.Nifti1Image((500 * np.exp(-decay)).astype(np.float32), affine), folder / "d.nii.gz"
    )
    np.savetxt(folder / "bvals", bvals[None])
    np.savetxt(folder / "bvecs", (bvecs * [-1 if flip else 1, 1, 1]).T)
    return folder / "d.nii.gz", folder / "bvals", folder / "bvecs"


@pytest.mark.parametrize("positive_determinant", [True, False])
def test_known_tensors_are_found_in_the_frame_of_the_array(tmp_path, rng, positive_determinant):
    tensors = 1e-3 * random_tensors(rng, (3, 4, 5))
    affine = np.diag([2.0, 2.5, 3.0, 1])
    affine[0, 0] *= 1 if positive_determinant else -1
    # FSL reverses the first axis of b-vectors where the determinant is positive.
    files = write(tmp_path, tensors, affine, rng, flip=positive_determinant)
    tissue = wc.conductivity_from_dwi(*files, slope=0.5)
    np.testing.assert_allclose(tissue.sigma, 500 * tensors, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(tissue.spacing, [2e-3, 2.5e-3, 3e-3])
    plain = wc.conductivity_from_dwi(*files, slope=0.5, bvecs_frame="array")
    same = np.allclose(plain.sigma, tissue.sigma, rtol=1e-3)
    assert same != positive_determinant


@pytest.mark.slow
def test_maps_are_in_world_axes(tmp_path, rng):
    tensors = 1e-3 * random_tensors(rng, (3, 4, 5))
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    q *= -np.sign(np.linalg.det(q))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = q * 2, [5, 6, 7]
    tissue = wc.conductivity_from_dwi(*write(tmp_path, tensors, affine, rng))
    waves = wc.survival(tissue, [100.0, 300.0])
    files = maps.save_maps(tissue, waves, tmp_path / "maps")
    images = {name: nibabel.load(path) for name, path in files.items()}
    for image in images.values():
        np.testing.assert_allclose(image.affine, affine, atol=1e-6)
    assert images["omega"].shape == images["ratio"].shape == (3, 4, 5, 2)
    xx, yy, zz, xy, xz, yz = np.moveaxis(images["conductivity"].get_fdata(), -1, 0)
    world = np.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], -1).reshape(3, 4, 5, 3, 3)
    np.testing.assert_allclose(world, q @ np.asarray(tissue.sigma) @ q.T, atol=1e-5)
    n = images["direction"].get_fdata()
    gamma = np.einsum("...i,...ij,...j->...", n, world, n) / tissue.permittivity
    np.testing.assert_allclose(images["gamma"].get_fdata(), gamma, rtol=1e-3)
    again = maps.save_maps(tissue, waves, tmp_path / "again")
    assert all(again[name].read_bytes() == files[name].read_bytes() for name in files)
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == sorted(
        path.name for path in files.values()
    )
    with pytest.raises(errors.TissueError, match=r"\.nii"):
        maps.save_nifti(xx, affine, tmp_path / "map.img")
    with pytest.raises(errors.TissueError, match="affine"):
        maps.save_maps(tissue.replace(affine=None), waves, tmp_path)


@pytest.mark.slow
def test_real_volume(real):
    with pytest.raises(errors.NonPositiveTensorError, match=r"28 of 1000 voxels.*exclude"):
        wc.conductivity_from_dwi(*real)
    tissue = wc.conductivity_from_dwi(*real, non_positive="exclude")
    assert tissue.grid == (10, 10, 10) and tissue.mask.sum() == 972
    np.testing.assert_allclose(tissue.spacing, 2e-3, rtol=1e-6)
    mean = np.trace(tissue.sigma[tissue.mask], axis1=-2, axis2=-1) / 3
    assert 0.5 < np.median(mean) < 0.9  # 0.844 S·s/mm³ times the brain's 0.8e-3 mm²/s
    normal = wc.conductivity_from_dwi(
        *real, non_positive="exclude", mapping="volume-normalised", mean_conductivity=0.2
    )
    determinant = np.linalg.det(normal.sigma[normal.mask].astype(float))
    np.testing.assert_allclose(np.cbrt(determinant), 0.2, rtol=1e-4)
    waves = wc.survival(tissue, 300.0)
    known = np.isfinite(waves.ratio.values[..., 0])
    assert known.sum() > 950 and not known[~tissue.mask].any()
    rng = np.random.default_rng(0)
    others = rng.normal(size=(64, 3))
    others *= 300 / np.linalg.norm(others, axis=1)[:, None]
    best = wc.dispersion(tissue, others).ratio.max("wave").values
    assert np.all(waves.ratio.values[..., 0][known] >= best[known] * (1 - 1e-4))


GOOD = np.vstack([np.zeros(3), np.eye(3), [[0.6, 0.8, 0], [0, 0.6, 0.8], [0.8, 0, 0.6]]])


def test_gradients_are_normalised_and_transposed():
    bvals, bvecs = mri.check_gradients([0] + [1000] * 6, 1.01 * GOOD.T, 7)
    np.testing.assert_allclose(bvecs, GOOD)
    nan = GOOD.copy()
    nan[0] = np.nan
    np.testing.assert_array_equal(mri.check_gradients(bvals, nan, 7)[1][0], 0)


@pytest.mark.parametrize(
    "bvals, bvecs, said",
    [
        ([0] + [1000] * 5, GOOD, "7 volumes but 6 b-values"),
        ([0] + [1000] * 6, GOOD[:6], "7 volumes.*b-vectors"),
        (
            [0] + [1000] * 6,
            np.vstack([GOOD[:5], np.full((2, 3), np.nan)]),
            "missing.*2 weigh",
        ),
        ([0] + [1000] * 6, np.vstack([GOOD[:6], np.zeros((1, 3))]), "missing.*volume 6"),
        ([0] + [1000] * 6, 3 * GOOD, "unit vectors"),
        ([1000] * 7, np.vstack([GOOD[1:], GOOD[1:2]]), "unweighted"),
        ([0] + [1000] * 6, np.vstack([GOOD[:4], GOOD[1:4]]), "independent directions.*3"),
        ([0] + [-1] * 6, GOOD, "not negative"),
        ([0] * 7, GOOD, "independent directions"),
    ],
)
def test_wrong_gradients(bvals, bvecs, said):
    with pytest.raises(errors.GradientTableError, match=said):
        mri.check_gradients(bvals, bvecs, 7)


# Files


@pytest.fixture
def volume(tmp_path, rng):
    return write(tmp_path, 1e-3 * random_tensors(rng, (3, 4, 5)), np.diag([-2, 2, 2, 1.0]), rng)


def save_mask(path, values, affine=None):
    affine = np.diag([-2, 2, 2, 1.0]) if affine is None else affine
    nibabel.save(nibabel.Nifti1Image(values.astype(np.uint8), affine), path)
    return path


def test_mask_limits_the_tissue(volume, tmp_path):
    values = np.zeros((3, 4, 5))
    values[1:, 1:, 1:] = 1
    tissue = wc.conductivity_from_dwi(*volume, save_mask(tmp_path / "m.nii", values))
    np.testing.assert_array_equal(tissue.mask, values == 1)


def test_broken_files(volume, tmp_path):
    dwi, bvals, bvecs = volume
    load = mri.load_diffusion
    with pytest.raises(FileNotFoundError, match="no diffusion image"):
        load(tmp_path / "none.nii", bvals, bvecs)
    with pytest.raises(errors.GradientTableError, match="no b-vectors at"):
        load(dwi, bvals, tmp_path / "none")
    (tmp_path / "words").write_text("not numbers")
    with pytest.raises(errors.GradientTableError, match="no b-values"):
        load(dwi, tmp_path / "words", bvecs)
    whole = gzip.decompress(dwi.read_bytes())
    for name, content in (
        ("cut.nii.gz", dwi.read_bytes()[:-200]),
        ("short.nii", whole[:2000]),
        ("text.nii", b"this is no image"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(errors.TissueError, match=r"damaged|truncated|no NIfTI"):
            load(tmp_path / name, bvals, bvecs)
    flat = save_mask(tmp_path / "flat.nii", np.ones((3, 4, 5)))
    with pytest.raises(errors.ShapeMismatchError, match="four axes"):
        load(flat, bvals, bvecs)
    wrong = save_mask(tmp_path / "wrong.nii", np.ones((3, 4, 4)))
    with pytest.raises(errors.ShapeMismatchError, match=r"\(3, 4, 4\)"):
        load(dwi, bvals, bvecs, wrong)
    away = save_mask(tmp_path / "away.nii", np.ones((3, 4, 5)), np.eye(4))
    with pytest.raises(errors.ShapeMismatchError, match="elsewhere"):
        load(dwi, bvals, bvecs, away)
    empty = save_mask(tmp_path / "empty.nii", np.zeros((3, 4, 5)))
    with pytest.raises(errors.TissueError, match="no voxel"):
        load(dwi, bvals, bvecs, empty)
    image = nibabel.load(dwi)
    sheared = np.diag([-2, 2, 2, 1.0])
    sheared[0, 1] = 0.5
    nibabel.save(nibabel.Nifti1Image(image.get_fdata(), sheared), tmp_path / "sheared.nii")
    with pytest.raises(errors.TissueError, match="right angles"):
        load(tmp_path / "sheared.nii", bvals, bvecs)
    for wrong_choice in ({"mapping": "cubic"}, {"non_positive": "ignore"}, {"bvecs_frame": "ras"}):
        with pytest.raises(errors.TissueError, match=next(iter(wrong_choice))):
            wc.conductivity_from_dwi(dwi, bvals, bvecs, **wrong_choice)


def test_a_mask_is_nan_outside_or_zero(volume, tmp_path):
    values = np.full((3, 4, 5), np.nan, np.float32)
    values[1:, 1:, 1:] = 1
    affine = np.diag([-2, 2, 2, 1.0])
    nibabel.save(nibabel.Nifti1Image(values, affine), tmp_path / "nan.nii")
    tissue = wc.conductivity_from_dwi(*volume, tmp_path / "nan.nii")
    np.testing.assert_array_equal(tissue.mask, values == 1)
    np.testing.assert_array_equal(check_mask(values, values.shape), values == 1)


@pytest.mark.parametrize("kind", ["other voxels", "rotated", "shifted"])
def test_a_mask_that_lies_elsewhere_is_refused(volume, tmp_path, kind):
    affine = np.diag([-2, 2, 2, 1.0])
    if kind == "other voxels":
        affine = np.diag([-2.5, 2.5, 2.5, 1.0])  # 2 mm apart at most: less than half a head
    elif kind == "rotated":
        turn = np.deg2rad(20)
        cosine, sine = np.cos(turn), np.sin(turn)
        affine[:2, :2] = [[-2 * cosine, -2 * sine], [-2 * sine, 2 * cosine]]
    else:
        affine[0, 3] = 1.5
    mask = save_mask(tmp_path / "m.nii", np.ones((3, 4, 5)), affine)
    with pytest.raises(errors.ShapeMismatchError, match=r"elsewhere.*mm apart"):
        wc.conductivity_from_dwi(*volume, mask)


@pytest.mark.parametrize("unit, factor", [("meter", 1e-3), ("micron", 1e3), ("mm", 1.0)])
def test_units_of_the_header_are_read(volume, tmp_path, unit, factor):
    dwi, bvals, bvecs = volume
    image = nibabel.load(dwi)
    other = nibabel.Nifti1Image(image.get_fdata(), image.affine @ np.diag([factor] * 3 + [1]))
    other.header.set_xyzt_units(unit)
    nibabel.save(other, tmp_path / "other.nii.gz")
    tissue = wc.conductivity_from_dwi(tmp_path / "other.nii.gz", bvals, bvecs)
    np.testing.assert_allclose(tissue.spacing, 2e-3, rtol=1e-6)
    np.testing.assert_allclose(tissue.affine, image.affine, rtol=1e-6)


def test_b_values_in_other_units_forms_and_shells(volume, tmp_path):
    dwi, bvals, bvecs = volume
    wanted = wc.conductivity_from_dwi(*volume)
    numbers = np.loadtxt(bvals)
    (tmp_path / "ms").write_text(" ".join(f"{one / 1000:g}" for one in numbers))
    with pytest.raises(errors.GradientTableError, match=r"ms/µm².*1000"):
        wc.conductivity_from_dwi(dwi, tmp_path / "ms", bvecs)
    (tmp_path / "commas").write_bytes(
        "\ufeff".encode() + ", ".join(f"{one:g}" for one in numbers).encode()
    )
    same = wc.conductivity_from_dwi(dwi, tmp_path / "commas", bvecs)
    np.testing.assert_array_equal(same.sigma, wanted.sigma)
    low = np.where(numbers == 0, 65, numbers)
    (tmp_path / "low").write_text(" ".join(f"{one:g}" for one in low))
    with pytest.raises(errors.GradientTableError, match=r"lowest b-value is 65.*b0_threshold=65"):
        wc.conductivity_from_dwi(dwi, tmp_path / "low", bvecs)
    lowest = mri.load_diffusion(dwi, tmp_path / "low", bvecs, b0_threshold=70)
    assert (lowest.bvecs[:2] == 0).all() and (lowest.bvals == low).all()
    # Of two shells one is wrong on purpose: it must not be used.
    image = nibabel.load(dwi)
    values = np.concatenate([image.get_fdata(), 7 + 0 * image.get_fdata()[..., 2:]], axis=-1)
    nibabel.save(nibabel.Nifti1Image(values, image.affine), tmp_path / "two.nii")
    vectors = np.loadtxt(bvecs)
    np.savetxt(tmp_path / "b", np.r_[numbers, np.full(30, 3000.0)][None])
    np.savetxt(tmp_path / "v", np.hstack([vectors, vectors[:, 2:]]))
    two = tmp_path / "two.nii", tmp_path / "b", tmp_path / "v"
    one = wc.conductivity_from_dwi(*two, shells=[1000])
    np.testing.assert_allclose(one.sigma, wanted.sigma, rtol=1e-5)
    with pytest.raises(errors.GradientTableError, match="2000"):
        wc.conductivity_from_dwi(*two, shells=[2000])


def test_declared_sizes_are_checked_before_reading(volume, tmp_path):
    dwi, bvals, bvecs = volume
    head = bytearray(gzip.decompress(dwi.read_bytes()))
    head[42:50] = np.array([30000, 30000, 30000, 32], "<i2").tobytes()
    for name, content in (("big.nii.gz", gzip.compress(bytes(head))), ("big.nii", bytes(head))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(errors.TissueError, match="more than the limit"):
            mri.load_diffusion(tmp_path / name, bvals, bvecs)
    head[42:50] = np.array([300, 300, 300, 32], "<i2").tobytes()
    (tmp_path / "hollow.nii.gz").write_bytes(gzip.compress(bytes(head)))
    with pytest.raises(errors.TissueError, match=r"more than|holds less"):
        mri.load_diffusion(tmp_path / "hollow.nii.gz", bvals, bvecs)


def test_maps_carry_units_and_wave_numbers(volume, tmp_path):
    tissue = wc.conductivity_from_dwi(*volume)
    files = maps.save_maps(tissue, wc.survival(tissue, [300.0, 900.0]), tmp_path / "maps")
    header = nibabel.load(files["omega"]).header
    assert "omega" in header["descrip"].item().decode()
    notes = json.loads(header.extensions[0].get_content())
    assert notes["wave_numbers"] == [300, 900] and notes["unit"] == "rad/s"
    assert notes["wave_number_unit"] == "rad/m"


@pytest.mark.parametrize(
    "k, said",
    [("0.3", "300 rad/m"), ("3e6", "no brain"), ("0", "positive"), ("nan", "wave-number")],
)
def test_command_refuses_waves_that_cannot_be_meant(volume, tmp_path, k, said):
    dwi, bvals, bvecs = map(str, volume)
    command = ["tissue", dwi, "--bvals", bvals, "--bvecs", bvecs, "-k", k, "--out", str(tmp_path)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code != 0 and said in done.output
    assert not list(tmp_path.glob("*gamma*"))


def test_modules_are_found_without_an_import_of_their_own():
    assert wc.plotting.tissue.tissue_figure.__doc__
    assert wc.tissue.mri.maps is maps and wc.networks.dense.Dense is wc.Dense


def test_missing_library_names_the_extra(monkeypatch, volume):
    import importlib

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r"nibabel: pip install \"wetcow\[mri\]\""):
        mri.load_diffusion(*volume)


def invoke(*arguments):
    return CliRunner().invoke(app, ["tissue", *map(str, arguments)])


@pytest.mark.slow
def test_command_on_the_real_volume(real, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dwi, bvals, bvecs = real
    files = (dwi, "--bvals", bvals, "--bvecs", bvecs)
    refused = invoke(*files)
    assert refused.exit_code == 2 and "--exclude-non-positive" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    options = ("--exclude-non-positive", "-k", 200, "-k", 400, "--out", "maps", "--json", "-")
    done = invoke(*files, *options, "--permittivity", 1e6, "--slope", 0.7)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["n_voxels"] == 972 and report["slope"] == 0.7
    tissue = wc.conductivity_from_dwi(
        *real, non_positive="exclude", relative_permittivity=1e6, slope=0.7
    )
    waves = wc.survival(tissue, [200, 400])
    assert report["gamma"][1] == pytest.approx(float(waves.gamma.median()), rel=1e-6)
    assert [wave["wave_number"] for wave in report["waves"]] == [200, 400]
    omega = nibabel.load(report["files"]["omega"])
    np.testing.assert_allclose(omega.get_fdata(), waves.omega, rtol=1e-6)
    np.testing.assert_allclose(omega.affine, nibabel.load(dwi).affine, atol=1e-6)
    pictures = [pathlib.Path(report["files"][f"figure_{k}"]).read_bytes() for k in (200, 400)]
    assert pictures[0] != pictures[1] and all(one.startswith(b"\x89PNG") for one in pictures)
    assert "median" in done.stderr and "wavelength" in done.stderr


def test_command_errors_are_one_line(real, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dwi, bvals, bvecs = real
    for arguments, said in (
        ((dwi, "--bvals", bvals, "--bvecs", "none"), "no b-vectors"),
        (("none.nii", "--bvals", bvals, "--bvecs", bvecs), "no diffusion image"),
        ((dwi, "--bvals", bvecs, "--bvecs", bvals), "195 b-values"),
        (
            (
                dwi,
                "--bvals",
                bvals,
                "--bvecs",
                bvecs,
                "--mapping",
                "volume-normalised",
                "--slope",
                1,
            ),
            "--slope belongs",
        ),
        ((dwi, "--bvals", bvals, "--bvecs", bvecs, "--exclude-non-positive", "-k", 0), "positive"),
    ):
        result = invoke(*arguments)
        assert result.exit_code == 2 and said in result.stderr, result.output
        assert result.stderr.count("\n") == 1 and result.stdout == ""
    help_text = invoke("--help")
    assert help_text.exit_code == 0 and "--json" in help_text.stdout


@pytest.mark.slow
def test_damaged_files_are_refused_or_read_right():
    found = {case: volumes.check(case) for case in volumes.cases(seed=0, number=150)}
    wrong = {case: result for case, result in found.items() if result not in ("ok", "refused")}
    assert not wrong
    assert sum(result == "refused" for result in found.values()) > 50
