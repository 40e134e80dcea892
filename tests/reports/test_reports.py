"""The report: what it computes, what it writes."""

import json

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import wetcow as wc
from wetcow.reports import experiments, figures, paper
from wetcow.reports.page import Page, text_of
from wetcow.reports.reproduce import reproduce


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    headings = []
    out = tmp_path_factory.mktemp("report")
    return out, reproduce(["fig2"], out, seed=1, say=headings.append), headings


# Known answers


@pytest.mark.slow
def test_memory_replays_the_single_mode(report):
    _, result, _ = report
    rows = {row["quantity"]: row["ours"] for row in result["tables"]["fig2"]}
    slowest, fastest = rows["spiking frequencies of the ten modes"].split(" to ")
    wanted = float(wc.Mode(gamma=1.5).spiking_frequency())
    assert abs(float(slowest) / wanted - 1) < 5e-5 and abs(float(fastest) / wanted - 1) < 5e-5
    assert float(rows["order parameter at the end"]) > 0.9999


@pytest.mark.slow
def test_page_holds_everything_in_itself(report):
    out, result, headings = report
    page = (out / "index.html").read_text()
    assert page.count("data:image/png;base64,") == len(result["figures"]) == 2
    assert 'src="http' not in page and page.count('href="') == page.count('href="#fig2"') > 0
    assert page.count('id="fig2"') == 1
    assert (out / "fig2.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "report.json").read_text()) == result
    assert result["provenance"]["seed"] == 1 and headings
    assert not list(out.glob(".*.partial"))


@pytest.mark.slow
def test_claims_of_a_figure_have_verdicts_by_its_numbers(report):
    _, result, _ = report
    assert {claim["section"] for claim in result["claims"]} == {"fig2"}
    assert [claim["verdict"] for claim in result["claims"]] == ["holds", "holds"]
    slow = [{"model": name, "replays": 0.0, "within_one_period": 0.6} for name in "ab"]
    slow[0]["model"], slow[1]["model"] = "phase and amplitude", "Kuramoto, same w and δ"
    for row in slow:
        row["periods"] = (0.9, 0.8, 2.0)
    assert [claim.verdict for claim in paper._synchrony_claims(slow, 10, "2")] == [
        "holds partly",
        "does not hold",
    ]


def test_rate_law_has_the_right_exponent_and_the_wrong_factor():
    exact = [
        {"criticality": cr, "integrated": f, "analytic": np.sqrt(1 - cr**2)}
        for cr, f in ((0.125, 0.97773), (0.995, 0.07184), (0.9975, 0.05029))
    ]
    claim = paper._rate_law(exact)
    assert claim.verdict == "holds partly" and "40.5%" in claim.measured
    right = [{**row, "integrated": row["analytic"]} for row in exact]
    assert paper._rate_law(right).verdict == "holds"
    wrong = [{**row, "integrated": 1 - row["criticality"]} for row in exact]
    assert paper._rate_law(wrong).verdict == "does not hold"
    assert paper._critical_point(0.03, 0.0).verdict == "holds"
    assert paper._critical_point(0.03, 0.5).verdict == "holds partly"


@pytest.mark.slow
def test_only_phase_and_amplitude_replay():
    scores = experiments.synchronization("fig2", num_draws=2, num_starts=1, seed=5)
    rows = {row["model"]: row for row in experiments.synchronization_table(scores)}
    both = rows.pop("phase and amplitude")
    assert both["replays"] == 1.0 and both["order"][1] > 0.999 and both["periods"][0] < 1
    assert all(row["replays"] == 0.0 for row in rows.values())
    assert rows["amplitude only"]["synchronized"] == 0.0
    assert isinstance(figures.figure_synchronization(scores), Figure)


def test_quartiles_of_runs_that_never_synchronize():
    assert experiments.quartiles([np.inf, 1.0, 2.0, 3.0, np.inf]) == (3.0, 2.0, np.inf)
    assert text_of((3.0, 2.0, np.inf)) == "3 [2, never]"


def test_plot_draws_what_was_recorded():
    time = np.linspace(0, 1, 11)
    a = np.exp(1j * time[:, None] * [1.0, 2.0])
    run = xr.Dataset({"a": (("time", "mode"), a)}, {"time": time, "mode": [0, 1]})
    axes = wc.plot(run).axes
    assert [axis.get_ylabel() for axis in axes] == [
        "amplitude |a|",
        "phase (turns)",
        "order parameter",
    ]
    np.testing.assert_allclose(axes[1].lines[1].get_ydata(), 2 * time / (2 * np.pi))
    with pytest.raises(ValueError, match="record"):
        wc.plot(run.drop_vars("a"))


# Properties


@pytest.mark.slow
def test_frequency_table_is_that_of_theory():
    runs = experiments.single_modes([0.5, 0.945], t1=200.0)
    rows = experiments.frequency_table(runs)
    assert [round(row["integrated"], 5) for row in rows] == [0.78478, 0.25353]
    assert [round(row["analytic"], 5) for row in rows] == [0.86603, 0.32707]
    assert [round(row["adiabatic"], 5) for row in rows] == [0.78878, 0.25807]


# Files


def test_text_on_a_page_is_escaped(tmp_path):
    page = Page(title="a < b", out=tmp_path, seed=0, opening="Here is <i>this</i> to see.")
    page.text("<script>")
    page.table("t", [{"x": "<b>", "y": 0.1 + 0.2}], {"x": "x", "y": "y"})
    page.save()
    written = (tmp_path / "index.html").read_text()
    assert "<script>" not in written and "<b>" not in written and "0.3</td>" in written
    # What is seen comes first, and each value knows the name of its column, which phones show.
    assert written.index("Here is &lt;i&gt;this") < written.index("&lt;script&gt;")
    assert '<td data-name="y">0.3</td>' in written


# Errors


def test_unknown_items_are_refused_before_work(tmp_path):
    with pytest.raises(ValueError, match="fig9"):
        reproduce(["fig9"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
