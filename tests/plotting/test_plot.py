"""Each kind of result is drawn, with its names and units, and nothing is cut off."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

import wetcow as wc
from wetcow.plotting.style import prefixed

NAMES = ("rV1", "lV1", "rA1", "lA1", "rM1", "lM1", "rS1", "lS1", "rFEF", "lFEF", "rPFC", "lPFC")


def made_run(number, samples=201):
    """A run whose modes turn at rates of their own."""
    time = np.linspace(0, 40, samples)
    rates = np.linspace(0.8, 1.2, number)
    a = (0.5 + 0.1 * np.sin(time))[:, None] * np.exp(1j * rates * time[:, None])
    coords = {"time": time, "mode": np.arange(number)}
    return xr.Dataset({"a": (("time", "mode"), a)}, coords, {"omega": rates})


def labelled(result, number, positions=False):
    weights = np.roll(np.eye(number), 1, axis=0)
    places = np.random.default_rng(0).normal(size=(number, 3)) * 40
    regions = NAMES[:number] if number <= len(NAMES) else None
    ring = wc.Connectome(
        weights, regions=regions, positions=places if positions else None, frequency=10.0
    )
    return ring.label(result)


@pytest.fixture(scope="module")
def swept():
    net = wc.Network(
        gamma=0.8, omega=np.linspace(0.9, 1.1, 4), coupling=wc.Dense(0.1 * (1 - np.eye(4)))
    )
    return wc.sweep(
        net,
        t1=40.0,
        num_samples=201,
        dt=0.05,
        coupling_strength=[0.4, 0.1, 0.2],
        gamma=[0.5, 1.0],
        seed=0,
    )


@pytest.fixture(scope="module")
def fields():
    found = {}
    for dimension in (1, 2, 3):
        grid = (12, 10, 8)[:dimension]
        tissue = wc.Conductivity(np.full(grid, 0.3), 1e-3)
        psi0 = np.random.default_rng(0).normal(size=grid) * 1e-3
        if dimension == 1:
            found[dimension] = wc.simulate_field(tissue, t1=2e-3, psi0=psi0, num_samples=5)
            continue
        time = np.linspace(0, 2e-3, 5)
        decay = np.exp(-1e3 * time).reshape((5,) + dimension * (1,))
        names = ("time", *"xyz"[:dimension])
        variables = {
            "psi": (names, decay * psi0, {"units": "V"}),
            "energy": ("time", np.exp(-2e3 * time), {"long_name": "½ε∫|∇Ψ|²", "units": "J"}),
        }
        coords = {"time": ("time", time, {"units": "s"}), **tissue.coordinates()}
        found[dimension] = xr.Dataset(variables, coords)
    return found


def drawn(figure):
    """Lay the figure out, and check that nothing but ticks of it is outside."""
    FigureCanvasAgg(figure).draw()
    inside = figure.bbox
    legends = [*figure.legends, *(axis.get_legend() for axis in figure.axes)]
    boxes = [one.get_window_extent() for one in legends if one is not None]
    boxes += [axis.get_tightbbox() for axis in figure.axes if axis.get_visible()]
    for box in boxes:
        assert box.x0 >= -1 and box.y0 >= -1, (box, inside)
        assert box.x1 <= inside.x1 + 1 and box.y1 <= inside.y1 + 1, (box, inside)
    return figure


def texts(ticks):
    return [one.get_text() for one in ticks]


# Known answers


def test_run_of_ten_has_a_legend_with_the_names_of_regions():
    figure = drawn(wc.plot(labelled(made_run(10), 10)))
    assert texts(figure.legends[0].get_texts()) == list(NAMES[:10])
    assert figure.legends[0].get_title().get_text() == "region"
    assert [axis.get_ylabel() for axis in figure.axes] == [
        "amplitude |a|",
        "phase (turns)",
        "order parameter",
    ]
    turns = np.linspace(0.8, 1.2, 10) * 40 / (2 * np.pi)
    np.testing.assert_allclose([line.get_ydata()[-1] for line in figure.axes[1].lines], turns)
    axis = figure.axes[-1]
    assert axis.get_xlabel() == "time (s)"
    # 40 time units of a rate of 1 are 40/2π periods of a tenth of a second.
    np.testing.assert_allclose(axis.lines[0].get_xdata()[-1], 40 / (2 * np.pi) / 10)


def test_long_names_are_not_clipped():
    run = made_run(10).assign_coords(
        region=("mode", [f"{name} of the cortex" for name in "abcdefghij"])
    )
    drawn(wc.plot(run))


def test_modes_are_chosen_by_name_or_number():
    run = labelled(made_run(10), 10)
    for modes, names in (
        (["rV1", 3], ["rV1", "lA1"]),
        ("rFEF", ["rFEF"]),
        (np.int64(2), ["rA1"]),
        (["1"], ["lV1"]),
    ):
        assert texts(wc.plot(run, modes=modes).legends[0].get_texts()) == names
    figure = wc.plot(run, modes=["lA1"])
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), np.abs(run.a[:, 3]))
    part = made_run(10).isel(mode=[5, 7])
    assert texts(wc.plot(part, modes=[7]).legends[0].get_texts()) == ["7"]


def test_single_mode():
    figure = drawn(wc.plot(made_run(1)))
    assert len(figure.axes) == 2 and not figure.legends
    assert figure.axes[-1].get_xlabel() == "time"


def test_traces_are_stacked_in_order_above_their_spikes():
    run = labelled(made_run(12), 12)
    figure = drawn(wc.plot(run))
    waves, spikes, _ = figure.axes
    assert texts(waves.get_yticklabels()) == list(NAMES)
    assert waves.get_ylim()[0] > waves.get_ylim()[1]  # the first at the top
    trace = waves.lines[3].get_ydata()
    real = run.a[:, 3].values.real
    np.testing.assert_allclose(np.corrcoef(3 - trace, real)[0, 1], 1)
    rows = spikes.lines[0].get_ydata()
    assert [np.sum(rows == row) for row in range(12)] == [len(one) for one in wc.spike_times(run)]
    last = spikes.lines[0].get_xdata()[rows == 4][-1]
    np.testing.assert_allclose(last, wc.spike_times(run)[4][-1] / (2 * np.pi * 10))


def test_many_modes_are_a_carpet():
    run = made_run(76).assign_coords(region=("mode", [f"region {i}" for i in range(76)]))
    figure = drawn(wc.plot(run))
    carpet = figure.axes[0].collections[0]
    np.testing.assert_allclose(carpet.get_array()[5], run.a[:, 5].values.real)
    assert texts(figure.axes[0].get_yticklabels())[:2] == ["region 0", "region 1"]


def test_silent_modes_have_no_order_parameter():
    time = np.linspace(0, 10, 51)
    run = made_run(2).isel(time=slice(51)).assign_coords(time=time)
    figure = wc.plot(run.assign(a=run["a"] * 0 + 1.0))
    assert "fewer than two modes move" in figure.axes[2].texts[0].get_text()


@pytest.mark.slow
def test_sweep_is_a_heat_map_with_named_axes(swept):
    figure = drawn(wc.plot(swept))
    axis = figure.axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("gamma", "coupling strength")
    assert texts(axis.get_xticklabels()) == ["0.5", "1"]
    assert texts(axis.get_yticklabels()) == ["0.1", "0.2", "0.4"]  # sorted
    values = axis.collections[0].get_array()
    rate = wc.spiking_frequency(swept).mean("mode").sortby("coupling_strength")
    np.testing.assert_allclose(values, rate)
    bars = [one.get_ylabel() for one in figure.axes[2:]]
    assert bars == [
        "angular spiking frequency (rad/time)\nmean over 4 modes",
        "order parameter, second half",
    ]


@pytest.mark.slow
def test_labelled_sweep_is_in_hertz(swept):
    one = labelled(swept, 4).isel(gamma=0)
    figure = drawn(wc.plot(one, modes=["rA1"]))
    axis = figure.axes[0]
    assert axis.get_ylabel() == "spiking frequency (Hz)"
    assert axis.get_xlabel() == "coupling strength"
    rate = wc.spiking_frequency(one).isel(mode=2).sortby("coupling_strength")
    np.testing.assert_allclose(axis.lines[0].get_ydata(), 10 * rate)


def test_reduced_sweep_over_three_axes_and_seeds():
    values = np.random.default_rng(0).random((2, 3, 3, 2))
    coords = {
        "gamma": [0.5, 1.0],
        "coupling_strength": [1.0, 2.0, 3.0],
        "noise": [0.001, 0.01, 0.1],
        "seed": [0, 1],
    }
    runs = xr.Dataset({"order": (tuple(coords), values)}, coords)
    figure = drawn(wc.plot(runs))
    assert [axis.get_title() for axis in figure.axes[:2]] == ["gamma = 0.5", "gamma = 1"]
    axis = figure.axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_xscale()) == (
        "noise",
        "coupling strength",
        "log",
    )
    expected = runs.order.isel(gamma=0).mean("seed")
    np.testing.assert_allclose(axis.collections[0].get_array(), expected)


def test_sweep_over_things_with_names():
    rate = xr.DataArray(
        [[1.0, np.inf], [3.0, 4.0]],
        {"coupling": ["ring", "star"], "gamma": [0.5, 1.0]},
        ("coupling", "gamma"),
        "time_to_synchrony",
    )
    axis = drawn(wc.plot(rate)).axes[0]
    assert texts(axis.get_yticklabels()) == ["ring", "star"]
    assert "infinite" in axis.get_title(loc="right")


@pytest.mark.slow
def test_of_complex_matrices_the_size_is_drawn():
    pair = wc.Network(-1.0, [1.0, 1.0], wc.Dense([[0, 0.3j], [0.3j, 0]]))
    found = wc.resting(pair).to_xarray()["covariance"]
    figure = wc.plot(found)
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), abs(found.values))
    assert figure.axes[-1].get_ylabel().startswith("|")


@pytest.mark.slow
def test_matrices_have_the_names_of_regions(swept):
    run = labelled(made_run(6), 6)
    locking = labelled(wc.functional_connectivity(run), 6)
    figure = drawn(wc.plot(locking))
    axis, bar = figure.axes
    left_first = [1, 3, 5, 0, 2, 4]
    names = [NAMES[place] for place in left_first]
    assert texts(axis.get_yticklabels()) == names == texts(axis.get_xticklabels())
    assert bar.get_ylabel() == "phase locking"
    assert axis.images[0].get_clim() == (0, 1)
    np.testing.assert_allclose(
        axis.images[0].get_array(), locking.values[np.ix_(left_first, left_first)]
    )
    signed = wc.functional_connectivity(run, "imaginary_coherency")
    axis = drawn(wc.plot(signed, modes=[0, 1])).axes[0]
    assert axis.get_xlabel() == "from region" and axis.images[0].get_clim() == (-1, 1)
    several = drawn(wc.plot(wc.phase_locking(swept)))
    assert several.axes[0].get_title() == "coupling strength = 0.4, gamma = 0.5"


def test_connectome():
    weights = np.array([[0, 1.0], [1.0, 0]])
    pair = wc.Connectome(weights, tract_lengths=30 * weights, regions=("left", "right"))
    figure = drawn(wc.plot(pair))
    assert [axis.get_ylabel() for axis in figure.axes[2:]] == [
        "structural weight",
        "tract length (mm)",
    ]


def test_what_attracts_lies_left_of_the_line():
    found = wc.stability(wc.memorize(wc.Mode(1.5), [0.9, 1.0, 1.1], background=0.5))
    axis = drawn(wc.plot(found)).axes[0]
    decaying, growing = axis.lines[1:]
    assert len(decaying.get_xdata()) + len(growing.get_xdata()) == 6
    assert np.max(decaying.get_xdata()[1:]) == pytest.approx(found.largest)


def test_drives_are_drawn_between_their_times():
    drive = wc.Drive([0, 10, 10, 40], gamma=[0, 0, 1.5, 1.5], additive=np.ones((4, 2)) * 1j)
    figure = drawn(wc.plot(drive))
    assert [axis.get_ylabel() for axis in figure.axes] == ["γ (1/time)", "|u| (amplitude/time)"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [0, 0, 1.5, 1.5])
    assert len(figure.axes[1].lines) == 2
    with pytest.raises(ValueError, match="functions of time"):
        wc.plot(wc.Drive(gamma=lambda t: t))


def test_power_laws_fall_by_their_exponent():
    values = np.random.default_rng(0).zipf(2.5, 2000)
    line = drawn(wc.plot(wc.fit_power_law(values, xmin=1, num_bootstrap=0))).axes[0].lines[0]
    x, share = line.get_data()
    assert share[0] == pytest.approx(1)
    slope = np.diff(np.log(share[-20:])).sum() / np.diff(np.log(x[-20:])).sum()
    assert slope == pytest.approx(-1.5, abs=0.1)


@pytest.mark.slow
def test_other_measures(swept):
    run = labelled(made_run(12), 12)
    order = drawn(wc.plot(wc.order_parameter(run))).axes[0]
    assert (order.get_xlabel(), order.get_ylabel()) == ("time (s)", "order parameter")
    rates = drawn(wc.plot(wc.spiking_frequency(run))).axes[0]
    assert rates.get_ylabel() == "angular spiking frequency\n(rad/time)"
    assert texts(rates.get_xticklabels()) == list(NAMES)
    raster = drawn(wc.plot(wc.spike_times(run))).axes[0]
    assert raster.lines[0].get_ydata().max() == 11
    drawn(wc.plot(wc.spike_times(swept)))
    drawn(wc.plot(run["a"], modes=["rV1", "lV1"]))
    drawn(wc.plot(np.abs(run["a"])))
    sweep = drawn(wc.plot(wc.order_parameter(swept.isel(gamma=0)))).axes[0]
    assert (sweep.get_legend() is None and sweep.get_xlabel() == "time (s)") or sweep.get_xlabel()


@pytest.mark.slow
def test_fields_have_units(fields):
    axis, bar = drawn(wc.plot(fields[1])).axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("time (ms)", "x (mm)")
    assert bar.get_ylabel() == "potential Ψ (mV)"
    lines = drawn(wc.plot(fields[1], times=[0, 1e-3]))
    assert texts(lines.legends[0].get_texts()) == ["0 ms", "1 ms"]
    figure = drawn(wc.plot(fields[2]))
    assert [axis.get_title() for axis in figure.axes[:5]] == [
        "0 ms",
        "0.5 ms",
        "1 ms",
        "1.5 ms",
        "2 ms",
    ]
    picture = figure.axes[0].images[0]
    np.testing.assert_allclose(picture.get_array(), 1e3 * fields[2].psi[0].T)
    assert picture.get_extent() == pytest.approx([-0.5, 11.5, -0.5, 9.5])
    figure = drawn(wc.plot(fields[3], times=1e-3))
    assert [axis.get_title() for axis in figure.axes[:3]] == [
        "1 ms, z = 4 mm",
        "1 ms, y = 5 mm",
        "1 ms, x = 6 mm",
    ]
    energy = drawn(wc.plot(fields[3].energy)).axes[0]
    assert energy.get_xlabel() == "time (ms)" and energy.get_ylabel().endswith("(J)")


@pytest.mark.slow
def test_maps_and_rays():
    tissue = wc.Conductivity.from_function(
        lambda r: 0.3 * (1 + 5 * r[0] + 9 * r[1] ** 2), (8, 7, 6), 1e-3
    )
    figure = drawn(wc.plot(wc.survival(tissue, [100.0, 300.0])))
    assert [axis.get_title() for axis in figure.axes[1:3]] == 2 * [
        "wave number = 300 rad/m\nz = 3 mm"
    ]
    path = np.linspace(0, 1e-2, 15).reshape(1, 5, 3)
    decay = ("ray", "time"), -np.arange(5.0)[None]
    rays = xr.Dataset({"position": (("ray", "time", "component"), path), "log_amplitude": decay})
    axis = drawn(wc.plot(rays)).axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("x (mm)", "y (mm)")


def test_old_import_paths():
    with pytest.warns(DeprecationWarning, match="plotting"):
        from wetcow.reports import brain
    from wetcow.reports import figures

    assert figures.plot is wc.plot and brain.plot_brain is wc.plot_brain


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [([3e-7], "V", (1e-9, "nV")), ([0.0], "s", (1.0, "s")), ([np.nan, -2.0], "m", (1.0, "m"))],
)
def test_prefixes(values, unit, expected):
    assert prefixed(values, unit) == expected


# Files


@pytest.mark.slow
@pytest.mark.parametrize("kind", [1, 2, 3, "plane", "brain"])
def test_animation_is_written_whole(fields, kind, tmp_path):
    if isinstance(kind, int):
        result = fields[kind]
    else:
        result = labelled(made_run(3), 3, positions=kind == "brain")
    path = tmp_path / "moving.gif"
    path.write_bytes(b"old")
    wc.animate(result, path, frames=3, dpi=40)
    with Image.open(path) as image:
        assert image.n_frames == 3
    assert [one.name for one in tmp_path.iterdir()] == ["moving.gif"]


# Errors


@pytest.mark.parametrize(
    ("modes", "match"),
    [(["V1"], "'V1' is none of the 10 regions.*rV1, lV1.*…"), ([10], "10 is none"), ([], "empty")],
)
def test_modes_that_are_not_there(modes, match):
    with pytest.raises(ValueError, match=match):
        wc.plot(labelled(made_run(10), 10), modes=modes)


@pytest.mark.parametrize(
    "thing",
    [
        np.eye(3),
        "run.nc",
        [],
        [1, 2],
        None,
        xr.Dataset(),
        xr.DataArray(1.0),
        xr.DataArray(["a"], dims="mode"),
        wc.Mode(gamma=1.0),
    ],
)
def test_other_things_are_refused_with_a_list(thing):
    with pytest.raises(TypeError, match=r"cannot draw.*simulate.*functional_connectivity"):
        wc.plot(thing)


def test_what_cannot_be_chosen_is_refused(fields):
    with pytest.raises(ValueError, match="modes"):
        wc.plot(fields[1], modes=[0])
    with pytest.raises(ValueError, match="times"):
        wc.plot(made_run(2), times=[0])
    with pytest.raises(ValueError, match="record=True"):
        wc.plot(made_run(2).drop_vars("a"))


def test_an_animation_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "moving.gif"
    path.write_bytes(b"old")

    def fail(*_args, **_kwargs):
        raise OSError("disk full")

    monkeypatch.setattr("wetcow.plotting.animation.write_whole", fail)
    with pytest.raises(OSError, match="full"):
        wc.animate(made_run(2), path, frames=2, dpi=40)
    assert path.read_bytes() == b"old"


def test_animation_refuses(swept, tmp_path):
    with pytest.raises(ValueError, match=r"\.gif"):
        wc.animate(made_run(2), tmp_path / "moving.mp4")
    with pytest.raises(TypeError, match="isel"):
        wc.animate(swept)
    with pytest.raises(TypeError, match="simulate_field"):
        wc.animate(np.eye(2))
    with pytest.raises(ValueError, match="frames"):
        wc.animate(made_run(2), frames=0)
