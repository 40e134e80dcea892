"""Connectomes in MATLAB's, HDF5, NumPy's and CIFTI files: recognised, told apart, or asked for."""

import gzip
import zipfile

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse
import xarray as xr

from wetcow.networks.connectome import ConnectomeError, load_connectome
from wetcow.networks.connectome.contents import read_matrix

NAMES = ("lV1", "rV1", "lMT", "rMT")
PLACES = np.arange(12.0).reshape(4, 3) * 10


@pytest.fixture
def weights(rng):
    found = rng.uniform(1, 9, (4, 4))
    np.fill_diagonal(found, 0)
    return found


@pytest.fixture
def arrays(weights, rng):
    return {"SC": weights, "FC": np.corrcoef(rng.normal(size=(4, 30))), "len": 10 * weights}


def load(path, **options):
    return load_connectome(path, normalisation="none", **options)


def as_npz(path, arrays):
    np.savez(path, **arrays)


def as_mat(path, arrays):
    texts = {name: np.array(one, dtype=object) for name, one in arrays.items() if name == "labels"}
    scipy.io.savemat(path, {**arrays, **texts}, do_compression=True)


def as_h5(path, arrays):
    with h5py.File(path, "w") as file:
        for name, one in arrays.items():
            file[f"brain/{name}"] = one


def as_mat73(path, arrays):
    """As MATLAB's save -v7.3 lays files out: columns first, texts as codes that cells refer to."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, one in arrays.items():
            if name == "labels":
                cells = []
                for i, text in enumerate(one):
                    codes = np.array([[ord(letter)] for letter in text], dtype=np.uint16)
                    cell = file.create_dataset(f"#refs#/{i}", data=codes)
                    cell.attrs["MATLAB_class"] = np.bytes_("char")
                    cells.append(cell.ref)
                made = file.create_dataset("labels", (1, 4), dtype=h5py.ref_dtype)
                made[0] = cells
                made.attrs["MATLAB_class"] = np.bytes_("cell")
            else:
                file[name] = np.asarray(one).T
                file[name].attrs["MATLAB_class"] = np.bytes_("double")
    content = path.read_bytes()
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    path.write_bytes(head + content[len(head) :])


WRITERS = {"npz": as_npz, "mat": as_mat, "h5": as_h5, "mat73": as_mat73}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("suffix", ["right", "none"])
def test_arrays_are_told_apart(tmp_path, arrays, form, suffix):
    path = tmp_path / ("brain" if suffix == "none" else f"brain.{form.removesuffix('73')}")
    written = tmp_path / f"a.{form}"
    WRITERS[form](written, {**arrays, "labels": NAMES, "centres": PLACES, "bold": np.ones((4, 9))})
    written.rename(path)
    brain = load(path)
    np.testing.assert_array_equal(brain.weights, arrays["SC"])
    np.testing.assert_array_equal(brain.tract_lengths, arrays["len"])
    np.testing.assert_array_equal(brain.positions, PLACES)
    assert brain.regions == NAMES
    table = read_matrix(path)
    np.testing.assert_array_equal(table.matrix, arrays["FC"])
    assert table.regions == NAMES


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_open_is_asked(tmp_path, arrays, form):
    path = tmp_path / f"a.{form.removesuffix('73')}"
    WRITERS[form](path, {"first": arrays["SC"], "second": arrays["len"]})
    with pytest.raises(ConnectomeError, match=r"does not say .* weights.*weight='(brain/)?first'"):
        load(path)
    brain = load(path, weight="second", length="first")
    np.testing.assert_array_equal(brain.weights, arrays["len"])
    np.testing.assert_array_equal(brain.tract_lengths, arrays["SC"])
    with pytest.raises(ConnectomeError, match=r"no array 'third', which was given as weight="):
        load(path, weight="third")
    with pytest.raises(ConnectomeError, match="does not say which array holds the names"):
        read_matrix(path)
    # One matrix alone is meant, unless its name says otherwise.
    WRITERS[form](path, {"anything": arrays["SC"]})
    np.testing.assert_array_equal(load(path).weights, arrays["SC"])
    WRITERS[form](path, {"FC": arrays["FC"]})
    with pytest.raises(ConnectomeError, match="does not say"):
        load(path)
    WRITERS[form](path, {"SC": np.ones((5, 4, 4))})
    with pytest.raises(ConnectomeError, match=r"no square matrix.*several subjects: average"):
        load(path)
    WRITERS[form](path, {"bold": np.ones((5, 4))})
    with pytest.raises(ConnectomeError, match=r"no square matrix.*bold"):
        load(path)


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("keep", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_truncated(tmp_path, arrays, form, keep):
    path = tmp_path / f"a.{form.removesuffix('73')}"
    WRITERS[form](path, arrays)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(ConnectomeError, match=r"damaged|truncated"):
        load(path)


def test_structures_sparse_and_text_of_matlab(tmp_path, weights):
    path = tmp_path / "a.mat"
    inside = {"weights": weights, "names": np.array(["a ", "bb", "cc", "d "])}
    scipy.io.savemat(path, {"brain": inside, "other": 3.0})
    brain = load(path)
    np.testing.assert_array_equal(brain.weights, weights)
    assert brain.regions == ("a", "bb", "cc", "d")
    scipy.io.savemat(path, {"connectivity": scipy.sparse.csc_matrix(weights)})
    np.testing.assert_array_equal(load(path).weights, weights)
    with h5py.File(tmp_path / "sparse.mat", "w", userblock_size=512) as file:
        sparse = scipy.sparse.csc_matrix(weights)
        group = file.create_group("connectivity")
        group.attrs["MATLAB_class"], group.attrs["MATLAB_sparse"] = np.bytes_("double"), 4
        group["data"], group["ir"], group["jc"] = sparse.data, sparse.indices, sparse.indptr
    np.testing.assert_array_equal(load(tmp_path / "sparse.mat").weights, weights)


def test_what_xarray_writes(tmp_path, weights):
    array = xr.DataArray(weights, {"region": list(NAMES)}, ("region", "region_from"))
    array.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    brain = load(tmp_path / "a.nc")
    np.testing.assert_array_equal(brain.weights, weights)
    assert brain.regions == NAMES


def test_damage_in_the_middle(tmp_path, arrays):
    as_mat(tmp_path / "a.mat", arrays)
    content = bytearray((tmp_path / "a.mat").read_bytes())
    for at in range(140, len(content), 31):  # behind the header, everything has a checksum
        changed = content.copy()
        changed[at] ^= 0x10
        (tmp_path / "a.mat").write_bytes(changed)
        with pytest.raises(ConnectomeError):
            load(tmp_path / "a.mat")


def test_what_unpacks_without_end_is_refused(tmp_path, monkeypatch, weights):
    from wetcow.networks.connectome import entries

    scipy.io.savemat(tmp_path / "a.mat", {"w": weights, "b": np.zeros(9999)}, do_compression=True)
    np.savez_compressed(tmp_path / "a.npz", w=np.zeros((99, 99)))
    as_h5(tmp_path / "a.h5", {"w": np.zeros((99, 99))})
    monkeypatch.setattr(entries, "LARGEST_ARRAYS", 60_000)
    for name in ("a.mat", "a.npz", "a.h5"):
        with pytest.raises(ConnectomeError, match="unpacks to"):
            load(tmp_path / name)


def test_a_table_of_regions_beside(tmp_path, weights):
    """As BIDS has matrices, and atlases in ``_dseg.tsv``."""
    rows = "\n".join("\t".join(map(repr, row)) for row in weights.tolist())
    path = tmp_path / "sub-01_seg-X_relmat.tsv"
    path.write_text(rows)
    table = tmp_path / "seg-X_dseg.tsv"
    lines = [f"{i + 1}\t{name}\t{x}\t{y}\t{z}" for i, (name, (x, y, z)) in
             enumerate(zip(NAMES, PLACES.tolist(), strict=True))]  # fmt: skip
    table.write_text("\n".join(["index\tname\tx\ty\tz", *lines]))
    brain = load(path, regions=table)
    np.testing.assert_array_equal(brain.weights, weights)
    np.testing.assert_array_equal(brain.positions, PLACES)
    assert brain.regions == NAMES
    table.write_text("\n".join(NAMES))
    assert load(path, regions=table).regions == NAMES
    table.write_text("\n".join(["index\tname", *(line[: line.find("\t", 3)] for line in lines)]))
    assert load(path, regions=table).regions == NAMES
    table.write_text("index\tname\n1\tlV1\n2\n")
    with pytest.raises(ConnectomeError, match="another number of entries"):
        load(path, regions=table)
    # With names in the first row and column, as XCP-D writes them.
    named = [f"{name}\t{row}" for name, row in zip(NAMES, rows.split("\n"), strict=True)]
    path.write_text("\n".join(["\t".join(["Node", *NAMES]), *named]))
    assert load(path).regions == NAMES


class TestCifti:
    def write(self, path, weights, rows=NAMES, columns=NAMES, voxels=True):
        nibabel = pytest.importorskip("nibabel")
        axes = nibabel.cifti2.cifti2_axes

        def axis(names):
            place = [[[2 * i, 0, 0], [2 * i + 2, 0, 0]] if voxels else [] for i in range(4)]
            vertices = [{} if voxels else {"CIFTI_STRUCTURE_CORTEX_LEFT": [i]} for i in range(4)]
            return axes.ParcelsAxis(
                names, np.array([np.array(one).reshape(-1, 3) for one in place] + [None],
                                dtype=object)[:4],
                vertices, np.diag([2.0, 2, 2, 1]), (20, 20, 20),
                {} if voxels else {"CIFTI_STRUCTURE_CORTEX_LEFT": 9},
            )  # fmt: skip

        parts = axis(rows), axis(columns)
        image = nibabel.Cifti2Image(weights, nibabel.Cifti2Header.from_axes(parts))
        image.to_filename(path)

    def test_contents(self, tmp_path, weights):
        path = tmp_path / "a.pconn.nii"
        self.write(path, weights)
        brain = load(path)
        np.testing.assert_array_equal(brain.weights, weights)
        assert brain.regions == NAMES
        np.testing.assert_allclose(brain.positions[:, 0], [2, 6, 10, 14])
        self.write(path, weights, voxels=False)
        assert load(path).positions is None
        np.testing.assert_array_equal(read_matrix(path).matrix, weights)

    def test_refused(self, tmp_path, weights):
        nibabel = pytest.importorskip("nibabel")
        path = tmp_path / "a.pconn.nii"
        self.write(path, weights, columns=("a", "b", "c", "d"))
        with pytest.raises(ConnectomeError, match="other parcels"):
            load(path)
        self.write(path, weights)
        content = path.read_bytes()
        for keep in (300, 700, len(content) - 3):
            path.write_bytes(content[:keep])
            with pytest.raises(ConnectomeError, match="damaged or truncated"):
                load(path)
        path.write_bytes(content[:700] + b"\x00" * 60 + content[760:])
        with pytest.raises(ConnectomeError, match="damaged"):
            load(path)
        series = nibabel.cifti2.cifti2_axes.SeriesAxis(0, 1, 4)
        rows = nibabel.cifti2.cifti2_axes.ScalarAxis(NAMES)
        header = nibabel.Cifti2Header.from_axes((rows, series))
        nibabel.Cifti2Image(weights, header).to_filename(path)
        with pytest.raises(ConnectomeError, match=r"of scalar by series.*cifti-parcellate"):
            load(path)
        nibabel.save(nibabel.Nifti1Image(np.zeros((2, 2, 2), np.float32), np.eye(4)),
                     tmp_path / "b.nii")  # fmt: skip
        with pytest.raises(ConnectomeError, match="image of voxels"):
            load(tmp_path / "b.nii")


def test_other_forms_are_named(tmp_path, weights):
    for name, content, message in (
        ("a.csv.gz", gzip.compress(b"0 1\n1 0"), "packed as .gz: unpack"),
        ("a.mat", b"0 1\n1 0\n", "no MATLAB file of version 5"),
        ("a.h5", b"0 1\n1 0\n", "no HDF5 file"),
        ("a.npz", b"0 1\n1 0\n", "no NumPy archive"),
        ("a.jpeg", b"\xff\xd8\xff\xe0", "a connectome is a"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ConnectomeError, match=message):
            load(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
    with pytest.raises(ConnectomeError, match="a spreadsheet"):
        load(tmp_path / "a.xlsx")
    np.savez(tmp_path / "a.npz", w=weights)
    with pytest.raises(ValueError, match="kind is of text"):
        load(tmp_path / "a.npz", kind="matrix")
    (tmp_path / "brain.edge").write_text("0 1\n1 0\n")  # BrainNet Viewer's
    assert load(tmp_path / "brain.edge").size == 2
