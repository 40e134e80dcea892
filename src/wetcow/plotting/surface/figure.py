"""One value per region, on the surface of the cortex."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from wetcow.networks.connectome import Connectome
from wetcow.optional import optional
from wetcow.plotting.style import FONT_SIZE, MAP, SIGNED, ShownFigure, label_of, limits_of
from wetcow.plotting.surface.region_values import centres_of, matched, named_values
from wetcow.plotting.surface.vertices import SIDES, nearest_centres, read_parcellation
from wetcow.plotting.sweeps import is_signed
from wetcow.validation import number

VIEWS = ("lateral", "medial")
GYRUS, SULCUS = 0.25, 0.4  # darkness of what has no value
WIDTH, HEIGHT = 8.3, 5.4  # inches
SIZE = 3.5  # of the square around a view, inches; what overlaps is empty
ROWS = 3.95, 1.5  # where the middles of views are, inches
ZOOM = 1.1  # axes of three dimensions leave much room around what they show


def plot_surface(
    values: Any,
    parcellation: Any,
    *,
    regions: Any = None,
    mesh: Any = "fsaverage5",
    max_distance: float = 25.0,
    label: str | None = None,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw one number per region on both hemispheres of the cortex, from outside and inside.

    Parameters
    ----------
    values : xarray.DataArray (n,) or array (n,)
        Real. Regions that are NaN are grey. A DataArray has the coordinate ``region``, as
        `Connectome.label` adds it; an array is in the order of `regions`.
    parcellation : pair, path, image or "nearest"
        Which region each vertex of the mesh is in:

        - a **pair** (left, right) of files, ``.annot`` of FreeSurfer or ``.label.gii``, or of
          arrays (vertices,): names of regions, "" for none, or whole numbers, which `regions`
          names, negative for none;
        - a ``.dlabel.nii`` file of CIFTI;
        - an **image** of the brain, ``.nii`` or nibabel's, in the space of the mesh, whose whole
          numbers `regions` names: a vertex is in the region of the voxel that is nearest to the
          middle of the cortex there, within 5 mm;
        - ``"nearest"``, where only centres of regions are known: each vertex is taken to be in the
          region of its own hemisphere whose centre is nearest. This is an **approximation**: true
          borders differ, and centres below the cortex, such as the thalamus, take what is near
          them. Leave those out.
    regions : Connectome, sequence of str or {number: name}, optional
        Names: of an array of values, and of the numbers of a parcellation. A sequence names 0, 1, …
        of vertices, as in TVB's region mappings, and 1, 2, … of an image, as `to_nifti` makes it.
        A Connectome also has the centres for "nearest"; otherwise they are ``x``, ``y``, ``z`` of
        the values.
    mesh : str or pair
        The name of a mesh of nilearn, drawn inflated: "fsaverage5" comes with it, the others are
        downloaded. Or a pair (left, right), drawn as it is, of files or of (vertices (m, 3) in mm,
        triangles (k, 3)).
    max_distance : float
        Of "nearest", mm: vertices farther than this from all centres stay grey.
    label : str, optional
        Name and unit, for the colour bar. Default: those of the values.
    limits : (float, float), optional
        Range of the colours. Default: that of the values, around 0 where they have both signs.

    Returns
    -------
    matplotlib.figure.Figure
        Save it with ``plot_surface(…).savefig("surface.png")``.

    Raises
    ------
    ImportError
        Without the extra ``surface``.
    ValueError
        For values that are not one real number per region; names that the parcellation or the
        values lack, which it lists; a parcellation of another mesh; or exchanged hemispheres.

    Warns
    -----
    UserWarning
        For "nearest", if the middle of the centres is far from that of the mesh.

    See Also
    --------
    plot_brain : values at the centres of regions, without a mesh

    Notes
    -----
    Regions are matched by name, never by order. The hemisphere may be written in different ways:
    ``lh.insula``, ``ctx-lh-insula``, ``insula_L`` and ``L_insula`` are the same. Each triangle has
    the median of its three vertices, so that no colour stands for a value that no region has.

    Examples
    --------
    Of centres alone, in MNI's space:

    >>> brain = wc.load_connectome("connectivity_96.zip")  # doctest: +SKIP
    >>> power = wc.resting(brain.to_network(gamma=-1.2), noise=1e-3).power  # doctest: +SKIP
    >>> figure = plot_surface(power, "nearest", regions=brain, label="power")  # doctest: +SKIP
    >>> figure.savefig("surface.png")  # doctest: +SKIP

    Of files of FreeSurfer, on the same mesh:

    >>> plot_surface(power, ("lh.aparc.annot", "rh.aparc.annot"), regions=names)  # doctest: +SKIP
    """
    optional("nilearn", "surface", "plot_surface()")
    names, numbers = named_values(values, regions)
    drawn, meshes, shade = _meshes(mesh)
    note = ""
    if isinstance(parcellation, str) and parcellation == "nearest":
        max_distance = number("max_distance", max_distance, above=0)
        centres = centres_of(values, regions)
        parcels = nearest_centres(*centres, meshes, max_distance)
        note = f"each vertex: the nearest of {len(centres[0])} centres, within {max_distance:g} mm"
    else:
        known = regions.regions if isinstance(regions, Connectome) else regions
        parcels = read_parcellation(parcellation, known, meshes)
    of_parcels = np.append(matched(names, numbers, parcels), np.nan)  # -1: no region
    if label is None:
        label = label_of(values) if isinstance(values, xr.DataArray) else "value"
    signed = is_signed(numbers)
    figure = _drawn(
        drawn,
        {side: of_parcels[parcels.places[side]] for side in SIDES},
        shade,
        SIGNED if signed else MAP,
        limits_of(numbers, signed) if limits is None else limits,
        label,
    )
    figure.supxlabel(note, fontsize=FONT_SIZE)
    return figure


def _meshes(given: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, np.ndarray]]:
    """Of both sides: the mesh to draw, its pial and white surfaces, and the shade of vertices."""
    surface = optional("nilearn.surface", "surface", "plot_surface()")
    if isinstance(given, str):
        datasets = optional("nilearn.datasets", "surface", "plot_surface()")
        found = datasets.load_fsaverage(given)
        pial, white = (found[name].parts for name in ("pial", "white_matter"))
        depth = datasets.load_fsaverage_data(given, data_type="sulcal").data.parts
        return (
            found["inflated"].parts,
            {side: (pial[side], white[side]) for side in SIDES},
            {side: np.where(depth[side] > 0, SULCUS, GYRUS) for side in SIDES},
        )
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise ValueError(
            "mesh must be the name of one of nilearn's, such as 'fsaverage5', or a pair (left, "
            f"right) of files or of (vertices, triangles); got {type(given).__name__}"
        )
    drawn = {side: surface.load_surf_mesh(one) for side, one in zip(SIDES, given, strict=True)}
    meshes = {side: (one, None) for side, one in drawn.items()}
    return (
        drawn,
        meshes,
        {side: np.full(len(one.coordinates), GYRUS) for side, one in drawn.items()},
    )


def _drawn(
    meshes: Any, values: Any, shade: Any, colors: str, limits: tuple[float, float], label: str
) -> Figure:
    """The figure: hemispheres in columns, views in rows, and one colour bar."""
    plotting = optional("nilearn.plotting", "surface", "plot_surface()")
    figure = ShownFigure(figsize=(WIDTH, HEIGHT))
    for column, side in enumerate(SIDES):
        vertices = np.array(meshes[side].coordinates, dtype=float)
        vertices -= vertices.mean(axis=0)
        for row, view in enumerate(VIEWS):
            corner = column * SIZE / WIDTH, (ROWS[row] - SIZE / 2) / HEIGHT
            axis: Any = figure.add_axes((*corner, SIZE / WIDTH, SIZE / HEIGHT), projection="3d")
            plotting.plot_surf(
                (vertices.copy(), meshes[side].faces),  # nilearn changes it
                values[side], bg_map=shade[side], hemi=side, view=view, cmap=colors,
                vmin=limits[0], vmax=limits[1], avg_method="median", colorbar=False, axes=axis,
            )  # fmt: skip
            low, high = vertices.min(axis=0), vertices.max(axis=0)
            axis.set_xlim(low[0], high[0])
            axis.set_ylim(low[1], high[1])
            axis.set_zlim(low[2], high[2])
            axis.set_box_aspect(high - low, zoom=ZOOM)
            axis.patch.set_visible(False)  # it would cover the view above
            axis.text2D(
                0.5, 0.87, f"{side}, {view}", transform=axis.transAxes, ha="center",
                fontsize=FONT_SIZE,
            )  # fmt: skip
    bar = figure.add_axes((2 * SIZE / WIDTH + 0.01, 0.25, 0.02, 0.5))
    ticks = ScalarFormatter()
    ticks.set_powerlimits((-2, 4))  # longer numbers would not fit
    shown = ScalarMappable(Normalize(*limits), colors)
    figure.colorbar(shown, cax=bar, label=label, format=ticks)
    return figure
