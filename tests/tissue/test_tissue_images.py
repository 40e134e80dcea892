"""Images, masks, units and b-values as other programs write them."""

import gzip
import sys

import numpy as np
import pytest

import wetcow as wc
from wetcow.cli.tissue import check_wave_number
from wetcow.tissue import errors, mri, tensors
from wetcow.tissue.mri import images, maps

nibabel = pytest.importorskip("nibabel")
AFFINE = np.diag([2.0, 2, 2, 1])


def save(path, values, affine=AFFINE, unit="mm"):
    image = nibabel.Nifti1Image(values, affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, path)
    return path


# Known answers


def test_modules_are_found():
    sys.modules.pop("wetcow.tissue.figures", None)  # of another test: it warns once
    vars(wc.tissue).pop("figures", None)
    with pytest.warns(DeprecationWarning, match="plotting.tissue"):
        assert callable(wc.tissue.figures.tissue_figure)
    assert wc.tissue.Conductivity is wc.Conductivity
    assert {"Conductivity", "dispersion", "mri"} < set(dir(wc.tissue))
    with pytest.raises(AttributeError, match="nothing"):
        _ = wc.tissue.nothing


# Files


def test_bvals_of_spreadsheets(tmp_path):
    path = tmp_path / "bvals"
    for content in (b"\xef\xbb\xbf0,1000, 2000", "0;1000;2000".encode("utf-16")):
        path.write_bytes(content)
        assert mri.gradients.read_numbers(path, "b-values").ravel().tolist() == [0, 1000, 2000]


def test_maps_keep_their_wave_numbers(tmp_path):
    path = tmp_path / "m.nii.gz"
    maps.save_nifti(np.ones((2, 2, 2)), AFFINE, path, about={"map": "omega", "wave_numbers": [3.0]})
    header = nibabel.load(path).header
    assert b'"wave_numbers": [3.0]' in bytes(header.extensions[0].get_content())
    assert b"map: omega" in header["descrip"].item()


# Errors


@pytest.mark.parametrize("unit, factor", [("mm", 1), ("micron", 1e3), ("meter", 1e-3)])
def test_units_of_headers_are_read(tmp_path, unit, factor):
    affine = np.diag([2.0 * factor] * 3 + [1])
    path = save(tmp_path / "a.nii", np.ones((2, 3, 4), np.float32), affine, unit)
    np.testing.assert_allclose(images.read_image(path, "image")[1], AFFINE, rtol=1e-6)
    save(path, np.ones((2, 3, 4), np.float32), np.diag([2000.0] * 3 + [1]))
    with pytest.raises(errors.TissueError, match="voxels of"):
        images.read_image(path, "image")


def test_each_flipped_bit_of_a_packed_image_is_found(tmp_path, rng):
    values = rng.normal(size=(3, 4, 5)).astype(np.float32)
    path = save(tmp_path / "a.nii.gz", values)
    whole = path.read_bytes()
    for place in rng.integers(20, len(whole), 60):  # past the name and time in gzip's header
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        with pytest.raises(errors.TissueError, match=r"a\.nii\.gz is damaged"):
            images.read_image(path, "image")


def test_declared_sizes_are_checked_before_reading(tmp_path):
    path = save(tmp_path / "a.nii", np.ones((2, 3, 4), np.float32))
    header = bytearray(path.read_bytes())
    header[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    for name, content in (("b.nii", bytes(header)), ("b.nii.gz", gzip.compress(bytes(header)))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(errors.TissueError, match="limit"):
            images.read_image(tmp_path / name, "image")


def test_places_of_masks():
    names = ("the mask", "the image")
    images.check_same_place(AFFINE, AFFINE + 1e-4, (50, 50, 50), names)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]]
    for other in (AFFINE @ np.diag([1.1, 1, 1, 1]), turn @ AFFINE):
        with pytest.raises(errors.ShapeMismatchError, match="elsewhere"):
            images.check_same_place(other, AFFINE, (50, 50, 50), names)


def test_nan_is_outside_a_mask():
    assert tensors.check_mask([1, np.nan, 0], (3,)).tolist() == [True, False, False]
    with pytest.raises(ValueError, match="masked"):
        tensors.check_mask(np.ma.masked_equal([1, 0, 2], 2), (3,))


def test_units_and_thresholds_of_bvals():
    bvecs = np.vstack([np.zeros(3), np.eye(3), [[0.6, 0.8, 0], [0, 0.6, 0.8], [0.8, 0, 0.6]]])
    for bvals, said in (
        ([0] + [1] * 6, "ms/µm²"),
        ([0] + [1e308] * 6, "impossible"),
        ([65] + [1000] * 6, "b0_threshold=65"),
    ):
        with pytest.raises(errors.GradientTableError, match=said):
            mri.check_gradients(bvals, bvecs, 7)
    assert mri.check_gradients([65] + [1000] * 6, bvecs, 7, b0_threshold=70)[0][0] == 65
    bvals = np.array([0, 990, 1010, 2000])
    assert mri.gradients.in_shells(bvals, [1000], 50).tolist() == [True, True, True, False]
    with pytest.raises(errors.GradientTableError, match="b = 3000"):
        mri.gradients.in_shells(bvals, [3000], 50)


def test_wave_numbers_have_a_unit():
    check_wave_number(300)
    for wrong in (0.3, 0, np.inf, 1e9):
        with pytest.raises(ValueError, match="rad/m"):
            check_wave_number(wrong)
    tissue = wc.Conductivity(np.full((3, 3), 0.3), 1e-3)
    for wrong in (1e300, [], np.nan, np.ma.masked_equal([1.0, 2], 2)):
        with pytest.raises(errors.TissueError):
            wc.survival(tissue, wrong)
    with pytest.raises(errors.TissueError):
        wc.dispersion(tissue, [[1e300, 0]])
