"""The documentation site: complete, its gallery shows what it says, its notebooks run."""

import html
import importlib
import os
import pathlib
import pkgutil
import re
import runpy
import sys
import types

import matplotlib.pyplot as plt
import numpy as np
import pytest

import wetcow

ROOT = pathlib.Path(__file__).parents[2]
SITE = os.environ.get("WETCOW_SITE")  # folder of a built site


@pytest.fixture
def extensions(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs" / "_ext")
    yield
    for name in ("docstrings", "equations", "figures", "notebooks", "versions"):
        sys.modules.pop(name, None)


def _find(name):
    value = wetcow
    for part in name.split(".")[1:]:
        try:
            value = getattr(value, part)
        except AttributeError:
            value = importlib.import_module(f"{value.__name__}.{part}")
    return value


# Known answers


def test_every_public_name_is_on_a_page_of_the_api(extensions):
    documented = importlib.import_module("docstrings").documented_names()
    assert len(documented) == len(set(documented))
    objects = {id(_find(name)) for name in documented}
    packages = [one.name for one in pkgutil.iter_modules(wetcow.__path__) if one.ispkg]
    for module in [wetcow, *(importlib.import_module(f"wetcow.{name}") for name in packages)]:
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if name != "__version__" and not isinstance(value, types.ModuleType):
                assert id(value) in objects, f"{module.__name__}.{name} is on no page in docs/api"


def test_docstrings_become_restructured_text(extensions):
    escape = importlib.import_module("docstrings").escape
    lines = ["within |δ| ≤ π", "``a | b``, classes_", "(*grid, d)", ">>> a | b", "x_", "", "|x|"]
    assert escape(lines) == [
        r"within \|δ\| ≤ π",
        r"``a | b``, classes\_",
        r"(\*grid, d)",
        ">>> a | b",
        "x_",
        "",
        r"\|x\|",
    ]


def test_numbers_of_equations_are_found(extensions):
    pytest.importorskip("sphinx", reason="pip install -e '.[docs]'")
    cited = importlib.import_module("equations").cited
    assert cited("as in [14] and [26–28], x[3], f(a)[4], [0, 1], Lecun [1]_") == {14, 26, 27, 28}


@pytest.mark.slow
def test_gallery_of_memories():
    names = runpy.run_path(str(ROOT / "examples" / "gallery" / "paper" / "figures_2_3.py"))
    assert [len(figure.axes) for figure in names["figures"]] == [6, 6]
    for name, (_, _, run) in names["replays"].items():
        memory = names["REPLAYS"][name]
        target = float(wetcow.Mode(gamma=memory.gamma).spiking_frequency())
        rates = wetcow.spiking_frequency(run, after=0.25 * memory.t1).values
        assert abs(rates / target - 1).max() < 0.005
        assert float(wetcow.time_to_synchrony(run)) < 1  # linear period


@pytest.mark.slow
def test_gallery_of_images():
    names = runpy.run_path(str(ROOT / "examples" / "gallery" / "paper" / "figure_4.py"))
    plt.close("all")
    as_they_are, framed, seven = names["rows"]
    assert [rows.shape[1:] for rows in (as_they_are, framed, seven)] == [(8, 8), (20, 20), (7, 7)]
    assert all(np.ptp(rows, axis=(1, 2)).min() > 0.3 for rows in names["rows"])


def test_notebooks_have_the_code_of_the_tutorials(extensions):
    pytest.importorskip("jupytext", reason="pip install -e '.[docs]'")
    import nbformat

    notebooks = importlib.import_module("notebooks")
    pages = notebooks.tutorials()
    assert len(pages) == 5
    for page in pages:
        made = notebooks.notebook(page)
        nbformat.validate(made)
        code = [cell for cell in made.cells if cell.cell_type == "code"]
        assert len(code) == page.read_text("utf-8").count("```{code-cell} python")
        assert not any(".md)" in cell.source for cell in made.cells)


def test_figures_of_tutorials_have_words(extensions):
    pytest.importorskip("jupytext", reason="pip install -e '.[docs]'")
    notebooks = importlib.import_module("notebooks")
    cells = [cell for page in notebooks.tutorials() for cell in notebooks.notebook(page).cells]
    drawn = [cell for cell in cells if "wc.plot(" in cell.source and cell.cell_type == "code"]
    assert len(drawn) == 6
    assert all(len(cell.metadata["mystnb"]["image"]["alt"]) > 40 for cell in drawn)


def test_figures_of_the_gallery_have_words(extensions):
    pytest.importorskip("sphinx_gallery", reason="pip install -e '.[docs]'")
    described = importlib.import_module("figures").described
    figure = plt.figure()
    left, right = figure.subplots(1, 2)
    left.set(title="A wave", xlabel="time", ylabel="Re a")
    right.set(xlabel="k")
    figure.suptitle("All\nof it")
    assert described(figure) == "All of it; A wave: Re a against time; k"
    plt.close(figure)


def test_this_version_is_listed(extensions):
    versions = importlib.import_module("versions")
    listed = versions.listed("https://example.org/wetcow")
    assert {one["version"]: one["url"] for one in listed}[wetcow.__version__] == (
        f"https://example.org/wetcow/{wetcow.__version__}/"
    )
    published = versions.switcher("https://example.org/wetcow", wetcow.__version__)
    assert published["json_url"] == "https://example.org/wetcow/latest/_static/versions.json"
    assert versions.switcher("", wetcow.__version__)["json_url"].startswith("data:")
    with pytest.raises(ValueError, match=r"version 9\.9 is missing"):
        versions.switcher("", "9.9")


# Files


@pytest.mark.slow
@pytest.mark.skipif(not SITE, reason="WETCOW_SITE names no folder of a built site")
def test_notebooks_were_run(extensions):
    """By the site, whose pages have the code of notebooks that can be downloaded, and outputs."""
    pytest.importorskip("jupytext", reason="pip install -e '.[docs]'")
    import nbformat

    notebooks, shown = importlib.import_module("notebooks"), {}
    for tutorial in notebooks.tutorials():
        page = pathlib.Path(SITE, "tutorials", f"{tutorial.stem}.html")
        text = page.read_text("utf-8")
        (link,) = re.findall(rf'href="([^"]*/{tutorial.stem}\.ipynb)"', text)
        made = nbformat.read(page.parent / link, as_version=4)
        code = [cell.source for cell in made.cells if cell.cell_type == "code"]
        assert [_said(part) for part in text.split('class="cell_input')[1:]] == code
        shown[tutorial.stem] = text.split('class="cell_output')[1:]
        assert len(shown[tutorial.stem]) >= len(code) - 1  # one gives a name to a file
        assert "output traceback" not in text
    assert len(shown["your_own_mri"]) == 3 and "omega" in _said(shown["your_own_mri"][-1])


def _said(part):
    """The text of the first block of code, or output, in a part of a page."""
    block = re.search(r"<pre>(.*?)</pre>", part, re.DOTALL)
    assert block
    return html.unescape(re.sub(r"<[^>]*>", "", block[1])).strip()
