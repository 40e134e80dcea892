"""Sections of claims: kept, continued, skipped, and shown with verdicts."""

import json
import pathlib
import shutil
import sys

import pytest

import wetcow
from wetcow.reports import cache
from wetcow.reports.claims import SECTIONS
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable
from wetcow.reports.reproduce import chosen_items, reproduce

SECTION = '''"""How {name} waves are."""
from matplotlib.figure import Figure
from wetcow.reports.evidence import Claim, Evidence, EvidenceTable, by_rule

def run(effort):
    {before}
    with open(r"{log}", "a") as file:
        file.write("{name}\\n")
    rows = [{{"n": 1, "fast": float("inf"), "few": (1.0, 2.0, 3.0)}}]
    verdict = by_rule(False, effort.quick)
    claim = Claim("{name} <waves>", where="here", verdict=verdict, measured="1 of 2")
    labels = {{"n": "number", "fast": "speed", "few": "quartiles"}}
    table = EvidenceTable("of_{name}", rows=rows, labels=labels, caption="Counted.")
    return Evidence("On {name}", claims=[claim], tables=[table], texts=["Yes."])

def draw(evidence):
    figure = Figure()
    figure.subplots().plot([row["n"] for row in evidence.tables[0].rows])
    return {{"{name}": figure}}
'''


@pytest.fixture
def sections(tmp_path, monkeypatch):
    """Write modules of sections, and list what was run."""
    log = tmp_path / "log"
    monkeypatch.syspath_prepend(tmp_path)
    for name in [*SECTIONS]:
        monkeypatch.delitem(SECTIONS, name)

    def write(name, before="pass"):
        module = f"section_{name}"
        path = tmp_path / f"{module}.py"
        path.write_text(SECTION.format(name=name, log=log, before=before))
        monkeypatch.setitem(SECTIONS, name, module)
        sys.modules.pop(module, None)

    write.ran = lambda: log.read_text().split() if log.exists() else []
    yield write
    for name in SECTIONS:
        sys.modules.pop(f"section_{name}", None)


# Properties


def test_items_come_in_the_order_of_the_page():
    assert chosen_items(["synchrony", "fig1"]) == ["fig1", "synchrony"]
    figures = ("fig1", "figS", "fig2", "fig3", "synchrony")
    assert chosen_items([]) == chosen_items(["all"]) == chosen_items(["claims", *figures])
    assert chosen_items(["claims"]) == [*SECTIONS]
    with pytest.raises(ValueError, match="fig9"):
        chosen_items(["fig9"])


# Files


def test_killed_report_goes_on_where_it_was(sections, tmp_path):
    sections("first")
    go = tmp_path / "go"
    sections("second", f"import os; os.path.exists(r'{go}') or exit(9)")
    with pytest.raises(SystemExit):
        reproduce(["claims"], tmp_path / "out")
    assert not (tmp_path / "out/index.html").exists()
    go.touch()
    said = []
    resumed = reproduce(["claims"], tmp_path / "out", say=said.append)
    assert sections.ran() == ["first", "second"]
    assert any("first: kept from" in line for line in said)
    whole = reproduce(["claims"], tmp_path / "whole")
    assert resumed["tables"] == whole["tables"] and resumed["claims"] == whole["claims"]
    assert (tmp_path / "out/first.png").read_bytes() == (tmp_path / "whole/first.png").read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("1 of 2", "2 of 2"),
        lambda text: "[]",
        lambda text: '{"digest": 1, "key": {}}',
    ],
)
def test_damaged_evidence_is_computed_again(sections, tmp_path, damage):
    sections("first")
    reproduce(["first"], tmp_path)
    file = tmp_path / "evidence/first.json"
    file.write_text(damage(file.read_text()))
    (claim,) = reproduce(["first"], tmp_path)["claims"]
    assert sections.ran() == ["first", "first"] and claim["measured"] == "1 of 2"


@pytest.mark.slow
def test_evidence_of_other_work_is_not_taken(sections, tmp_path):
    sections("first")
    reproduce(["first"], tmp_path)
    (claim,) = reproduce(["first"], tmp_path, quick=True)["claims"]
    assert claim["verdict"] == "holds partly"
    reproduce(["first"], tmp_path, seed=1)
    sections("first", "print()")  # another source
    reproduce(["first"], tmp_path, seed=1)
    reproduce(["first"], tmp_path, seed=1)
    assert len(sections.ran()) == 4


def test_page_begins_with_all_claims_in_order(sections, tmp_path):
    for name in ("second", "first"):
        sections(name)
    result = reproduce(["first", "second"], tmp_path)
    assert [claim["section"] for claim in result["claims"]] == ["second", "first"]
    page = (tmp_path / "index.html").read_text()
    table, _, rest = page.partition("</table>")
    for name in ("second", "first"):
        assert f'<a href="#{name}">{name} &lt;waves&gt;</a>' in table
        assert f'<h2 id="{name}">On {name}</h2>' in rest
    assert table.count("does not hold") == 2 and table.count("1 of 2") == 2
    assert "<caption>Counted.</caption>" in rest and ">1 [2, 3]</td>" in rest
    assert json.loads((tmp_path / "report.json").read_text())["claims"] == result["claims"]


def test_any_changed_file_of_the_package_makes_evidence_old(tmp_path, monkeypatch):
    """A leaf module that no section names is changed: nothing found before is shown as new."""
    package = pathlib.Path(wetcow.__file__).parent
    copy = tmp_path / "wetcow"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert cache.package_digest(copy) == cache.package_digest(package)
    leaf = copy / "modes/spiking.py"
    leaf.write_text(leaf.read_text().replace("NUM_QUADRATURE = 4096", "NUM_QUADRATURE = 2048"))
    cache.package_digest.cache_clear()
    assert cache.package_digest(copy) != cache.package_digest(package)


@pytest.mark.parametrize("change", ["package", "library"])
def test_evidence_of_another_version_is_computed_again_or_shown_as_old(
    sections, tmp_path, monkeypatch, change
):
    sections("first")
    reproduce(["first"], tmp_path)
    if change == "package":
        monkeypatch.setattr(cache, "package_digest", lambda folder: "of other files")
    else:
        monkeypatch.setattr(cache, "library_versions", lambda: {"wetcow": "0.1.0", "jax": "99"})
    shown = reproduce(["first"], tmp_path, older=True)
    assert sections.ran() == ["first"]
    (warning,) = shown["warnings"]
    assert "first" in warning and "not by the version" in warning
    page = (tmp_path / "index.html").read_text()
    assert page.index("not by the version") < page.index('id="claims"')
    assert reproduce(["first"], tmp_path)["warnings"] == []
    assert sections.ran() == ["first", "first"]


def test_unknown_verdicts_are_not_believed(tmp_path):
    effort = Effort(quick=True, seed=0, data_dir=None, say=print)
    key = cache.key_of("x", "wetcow.reports.page", effort, "here")
    table = EvidenceTable(name="t", rows=[{"n": 1}], labels={"n": "n"}, caption="")
    for verdict, wanted in (("holds", True), ("perhaps", False)):
        evidence = Evidence(
            title="X",
            claims=[Claim(claim="c", where="w", verdict=verdict, measured="m")],
            tables=[table],
            texts=[],
        )
        found = cache.Cached(evidence=evidence, date="today", seconds=1.0, key=key)
        cache.store(tmp_path / "x.json", found)
        assert (cache.find_cached(tmp_path / "x.json", key) is not None) == wanted


# Errors


def test_missing_data_skip_a_section_and_not_the_others(sections, tmp_path):
    sections("first", "raise FileNotFoundError('no <images> there')")
    sections("second")
    result = reproduce(["claims"], tmp_path)
    assert result["skipped"] == {"first": "no <images> there"}
    assert [claim["section"] for claim in result["claims"]] == ["second"]
    page = (tmp_path / "index.html").read_text()
    assert page.count("no &lt;images&gt; there") == 2  # in the table of claims and in the section
    assert "How first waves are" in page
    assert not (tmp_path / "evidence/first.json").exists()
    sections("first")
    assert reproduce(["claims"], tmp_path)["skipped"] == {}
    assert sections.ran() == ["second", "first"]
