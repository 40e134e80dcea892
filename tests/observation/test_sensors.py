"""Lead fields of matrices, of TVB's files and of MNE; sensors; other packages' files."""

import importlib.util
import pathlib

import numpy as np
import pytest
import xarray as xr

import wetcow as wc

SPEC = importlib.util.find_spec("tvb_data")


@pytest.fixture(scope="module")
def brain():
    weights = np.ones((3, 3)) - np.eye(3)
    return wc.Connectome(weights, regions=["V1", "M1", "A1"], frequency=10.0)


@pytest.fixture(scope="module")
def run(brain):
    return brain.label(
        wc.simulate(brain.to_network(gamma=0.5), t1=60.0, num_samples=601, dt=0.05, seed=0)
    )


# Known answers


@pytest.mark.slow
def test_sensors_see_sums_of_waves(brain, run):
    matrix = np.array([[1.0, 0.5, 0.0], [0.0, 0.2, -1.0]])
    field = wc.lead_field(matrix, sensors=["Oz", "Cz"], regions=brain)
    seen = wc.eeg(run, field)
    np.testing.assert_allclose(seen, run.a.real.values @ matrix.T, atol=1e-15)
    assert seen.dims == ("time", "sensor") and list(seen.sensor.values) == ["Oz", "Cz"]
    np.testing.assert_allclose(seen.time, run.seconds)
    assert seen.time.attrs["units"] == "s"
    referenced = wc.eeg(run, field, average_reference=True)
    np.testing.assert_allclose(referenced.mean("sensor"), 0, atol=1e-15)
    np.testing.assert_allclose(referenced, seen - seen.mean("sensor"), atol=1e-15)
    # By name, whatever the order.
    mixed = field.isel(mode=[2, 0, 1])
    np.testing.assert_allclose(wc.eeg(run, mixed), seen, atol=1e-15)
    part = run.isel(mode=[1])
    np.testing.assert_allclose(wc.eeg(part, field), part.a.real.values @ matrix[:, [1]].T)


def test_vertices_are_put_together():
    matrix = np.array([[1.0, 2, 3, 4, 5], [5.0, 4, 3, 2, 1]])
    mapping = [0, 0, 2, -1, 1]
    field = wc.lead_field(matrix, region_mapping=mapping)
    np.testing.assert_allclose(field, [[3, 5, 3], [9, 1, 3]])
    mean = wc.lead_field(matrix, region_mapping=mapping, combine="mean")
    np.testing.assert_allclose(mean, [[1.5, 5, 3], [4.5, 1, 3]])


def test_files(tmp_path):
    from scipy.io import savemat

    matrix = np.array([[1.0, 2, 3], [5.0, 4, 3], [np.nan, np.nan, np.nan]])
    np.save(tmp_path / "field.npy", matrix)
    savemat(tmp_path / "field.mat", {"ProjectionMatrix": matrix[:2]})
    (tmp_path / "sensors.txt").write_text("Fp1 1.0 2.0 3.0\nCz 0.5 0.25 0.125\nnone 0 0 0\n")
    (tmp_path / "mapping.txt").write_text("0\n1\n0\n")
    with pytest.warns(UserWarning, match="left out: \\['none'\\]"):
        field = wc.lead_field(
            tmp_path / "field.npy",
            sensors=tmp_path / "sensors.txt",
            region_mapping=tmp_path / "mapping.txt",
            regions=["V1", "V2"],
            kind="seeg",
        )
    assert field.sensor.values.tolist() == ["Fp1", "Cz"] and field.attrs["kind"] == "seeg"
    np.testing.assert_allclose(field, [[4, 2], [8, 4]])
    np.testing.assert_allclose(field.sensor_y, [2.0, 0.25])
    np.testing.assert_allclose(wc.lead_field(tmp_path / "field.mat"), matrix[:2])


@pytest.mark.slow
@pytest.mark.skipif(SPEC is None, reason="tvb-data is not installed")
def test_files_of_tvb():
    folder = pathlib.Path(str(SPEC.origin)).parent
    brain = wc.load_connectome(folder / "connectivity" / "connectivity_76.zip")
    with pytest.warns(UserWarning, match="left out"):
        field = wc.lead_field(
            folder / "projectionMatrix" / "projection_eeg_65_surface_16k.npy",
            sensors=folder / "sensors" / "eeg_brainstorm_65.txt",
            region_mapping=folder / "regionMapping" / "regionMapping_16k_76.txt",
            regions=brain,
        )
    assert field.shape == (63, 76) and field.sensor.values[0] == "Fp1"
    matrix = np.load(folder / "projectionMatrix" / "projection_eeg_65_surface_16k.npy")
    mapping = np.loadtxt(folder / "regionMapping" / "regionMapping_16k_76.txt")
    np.testing.assert_allclose(field[0, 7], matrix[0, mapping == 7].sum())
    run = wc.simulate(brain.to_network(gamma=0.5), t1=5.0, num_samples=11, dt=0.05, seed=0)
    assert wc.eeg(brain.label(run), field).shape == (11, 63)


class Label:
    """What `lead_field` uses of mne.Label."""

    def __init__(self, name, hemi, vertices):
        self.name, self.hemi, self.vertices = name, hemi, np.array(vertices)


def test_forward_solution_of_fixed_orientation():
    source = [{"nuse": 3, "vertno": np.array([2, 5, 9])}, {"nuse": 1, "vertno": np.array([5])}]
    data = np.array([[1.0, 2, 4, 8], [0.5, 0.25, 0.125, 1]])
    forward = {"src": source, "sol": {"data": data, "row_names": ["EEG 001", "EEG 002"]}}
    labels = [Label("V1-lh", "lh", [2, 9, 11]), Label("V1-rh", "rh", [5])]
    field = wc.lead_field(forward, labels=labels)
    np.testing.assert_allclose(field, [[5, 8], [0.625, 1]])
    assert field.region.values.tolist() == ["V1-lh", "V1-rh"]
    assert field.sensor.values.tolist() == ["EEG 001", "EEG 002"]
    with pytest.raises(ValueError, match="labels="):
        wc.lead_field(forward)


@pytest.mark.slow  # imports mne
def test_forward_solution_of_free_orientation(tmp_path):
    """Of a sphere, by MNE itself: sources along the normals of two small spheres."""
    mne = pytest.importorskip("mne")
    from mne.surface import _get_ico_surface

    ball = _get_ico_surface(1)
    folder = tmp_path / "sample" / "surf"
    folder.mkdir(parents=True)
    for side, sign in (("lh", -1), ("rh", 1)):
        places = 0.02 * ball["rr"] + [0.03 * sign, 0, 0.04]
        for kind in ("white", "sphere"):
            mne.write_surface(folder / f"{side}.{kind}", 1e3 * places, ball["tris"])
    spaces = mne.setup_source_space(
        "sample", spacing="all", surface="white", subjects_dir=tmp_path, add_dist=False, verbose=0
    )
    names = ["Oz", "Cz", "Fz"]
    places = 0.095 * np.array([[0, -0.8, 0.6], [0, 0, 1], [0, 0.6, 0.8]]) + [0, 0, 0.04]
    where = dict(zip(names, places, strict=True))
    montage = mne.channels.make_dig_montage(where, coord_frame="head")
    info = mne.create_info(names, 100.0, "eeg").set_montage(montage)
    sphere = mne.make_sphere_model((0, 0, 0.04), 0.095, verbose=0)
    forward = mne.make_forward_solution(
        info, None, spaces, sphere, meg=False, mindist=0.0, verbose=0
    )
    labels = [mne.Label(range(20), hemi="rh", name="front-rh"), Label("all-lh", "lh", range(42))]
    field = wc.lead_field(forward, labels=labels)
    assert field.shape == (3, 2) and field.sensor.values.tolist() == names
    free = forward["sol"]["data"].reshape(3, -1, 3)
    normals = np.concatenate([part["nn"][part["vertno"]] for part in forward["src"]])
    fixed = np.einsum("svx,vx->sv", free, normals)
    count = forward["src"][0]["nuse"]
    np.testing.assert_allclose(field[:, 1], fixed[:, :count].sum(axis=1), rtol=5e-3)
    right = np.isin(forward["src"][1]["vertno"], np.arange(20))
    np.testing.assert_allclose(field[:, 0], fixed[:, count:][:, right].sum(axis=1), rtol=5e-3)


# Other packages


def test_to_mne(run):
    mne = pytest.importorskip("mne")
    field = wc.lead_field(np.eye(3), sensors=["Oz", "Cz", "Fz"]).assign_coords(
        {f"sensor_{axis}": ("sensor", [10.0, 20.0, 30.0]) for axis in "xyz"}
    )
    seen = wc.eeg(run, field)
    raw = wc.to_mne(seen, scale=1e-6)
    assert isinstance(raw, mne.io.RawArray) and raw.ch_names == ["Oz", "Cz", "Fz"]
    assert raw.get_channel_types() == ["eeg"] * 3
    np.testing.assert_allclose(raw.get_data(), 1e-6 * seen.values.T)
    interval = float(seen.time[1] - seen.time[0])
    assert raw.info["sfreq"] == pytest.approx(1 / interval)
    places = raw.get_montage().get_positions()["ch_pos"]
    np.testing.assert_allclose(places["Cz"], [0.02, 0.02, 0.02])
    volumes = wc.to_mne(wc.bold(run, tr=0.1))
    assert volumes.get_channel_types() == ["misc"] * 3 and volumes.ch_names[0] == "V1"


def test_to_nifti(run, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    seen = wc.bold(run, tr=0.1)
    atlas = np.zeros((2, 3, 2), np.int16)
    atlas[0, 0, 0], atlas[1, 2], atlas[0, 1, 1] = 12, 10, 11
    affine = np.diag([2.0, 2.0, 2.5, 1])
    nibabel.save(nibabel.Nifti1Image(atlas, affine), tmp_path / "atlas.nii.gz")
    image = wc.to_nifti(seen, tmp_path / "atlas.nii.gz", labels=[10, 11, 12])
    nibabel.save(image, tmp_path / "bold.nii.gz")
    found = nibabel.load(tmp_path / "bold.nii.gz")
    assert found.header.get_xyzt_units() == ("mm", "sec")
    np.testing.assert_allclose(found.header.get_zooms(), [2, 2, 2.5, 0.1], rtol=1e-6)
    data = found.get_fdata()
    np.testing.assert_allclose(data[1, 2, 1], seen[:, 0], rtol=1e-6)
    np.testing.assert_allclose(data[0, 1, 1], seen[:, 1], rtol=1e-6)
    np.testing.assert_allclose(data[0, 0, 0], seen[:, 2], rtol=1e-6)
    assert not data[0, 0, 1].any()
    assert wc.to_nifti(seen).shape == (3, 1, 1, seen.sizes["time"])
    with pytest.raises(ValueError, match="no voxel of region 1"):
        wc.to_nifti(seen, tmp_path / "atlas.nii.gz")


# Errors


def test_errors(run, tmp_path):
    with pytest.raises(ValueError, match="4 regions"):
        wc.eeg(run, np.ones((2, 4)))
    with pytest.raises(ValueError, match="no region 'V1'"):
        wc.eeg(run, wc.lead_field(np.ones((2, 1)), regions=["X"]))
    with pytest.raises(ValueError, match="rows"):
        wc.lead_field(np.ones((2, 4)), sensors=["one"])
    with pytest.raises(ValueError, match="unique"):
        wc.lead_field(np.ones((2, 4)), sensors=["one", "one"])
    with pytest.raises(ValueError, match="4 columns"):
        wc.lead_field(np.ones((2, 4)), region_mapping=[0, 1])
    with pytest.raises(ValueError, match="has region 3"):
        wc.lead_field(np.ones((2, 4)), region_mapping=[0, 1, 2, 3], regions=["V1", "V2"])
    with pytest.raises(ValueError, match="every sensor"):
        wc.lead_field([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="kind"):
        wc.lead_field(np.ones((2, 4)), kind="fnirs")
    with pytest.raises(FileNotFoundError):
        wc.lead_field(tmp_path / "none.npy")
    with pytest.raises(ValueError, match="npy"):
        (tmp_path / "field.csv").write_text("1")
        wc.lead_field(tmp_path / "field.csv")
    with pytest.raises(ValueError, match="real"):
        wc.to_nifti(xr.DataArray(run.a))
    sweep = wc.bold(run, tr=0.1).expand_dims(seed=2)
    with pytest.raises(ValueError, match="one run of a sweep"):
        wc.to_nifti(sweep)
