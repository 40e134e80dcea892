"""The command ``wetcow doctor``, and what it says of installations that are broken."""

import hashlib
import json
from importlib import metadata

import jax
import numpy as np
import pytest
from typer.testing import CliRunner

from wetcow import datasets, idx_files, installation
from wetcow.cli import app, doctor


@pytest.fixture(autouse=True)
def no_data(monkeypatch, tmp_path):
    """There are none to check, which takes time, unless a test has some."""
    monkeypatch.setenv("WETCOW_DATA_DIR", str(tmp_path / "none"))


def run_doctor(*arguments):
    return CliRunner().invoke(app, ["doctor", *map(str, arguments)])


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that installs a package of some requirements, in a folder of its own."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name, version="1.0", requires=(), extras=()):
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Provides-Extra: {extra}" for extra in extras]
        lines += [f"Requires-Dist: {one}" for one in requires]
        (folder / "METADATA").write_text("\n".join(lines) + "\n")
        (folder / "top_level.txt").write_text(f"{name}\n")
        return tmp_path

    return install


# Known answers


def test_versions_are_compared_and_markers_applied(package):
    package("lemma", "1.4")
    package(
        "theorem",
        requires=[
            "lemma>=1.5",
            "nowhere-at-all",
            "numpy>=2",
            'absent; python_version < "3"',
            'proof; extra == "proof"',
        ],
        extras=["proof"],
    )
    found = {one.name: one for one in installation.required("theorem")}
    assert set(found) == {"lemma", "nowhere-at-all", "numpy"}
    assert found["lemma"] == ("lemma", ">=1.5", "1.4", False)
    assert found["nowhere-at-all"].version is None and not found["nowhere-at-all"].good
    assert found["numpy"].good


def test_extras_have_what_the_extras_they_ask_for_add(package):
    package("device", "2.0", requires=['driver; extra == "fast"', "numpy"], extras=["fast"])
    package(
        "theorem",
        requires=[
            "numpy>=2",
            'device[fast]; extra == "gpu"',
            'theorem[gpu]; extra == "all"',
            'numpy>=1; extra == "all"',
            'lemma; extra == "all"',
        ],
        extras=["gpu", "all"],
    )
    found = installation.extras("theorem")
    named = {extra: [one.name for one in parts] for extra, parts in found.items()}
    assert named == {"gpu": ["device", "driver"], "all": ["device", "driver", "lemma"]}
    assert [one.good for one in found["gpu"]] == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize(
    "source, said",
    [
        ("raise ImportError('wrong architecture')", "wrong architecture"),
        ("import nothing_of_this_name", "nothing_of_this_name"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_package_that_cannot_be_imported_is_broken(package, monkeypatch, source, said):
    name = f"broken_{abs(hash(source))}"
    (package(name) / f"{name}.py").write_text(source)
    found = installation.Found(name=name, wanted=">=1", version="1.0", good=True)
    monkeypatch.setattr(doctor, "required", lambda: [found])
    result = run_doctor("--json", "-")
    assert result.exit_code == 1
    (sentence,) = json.loads(result.stdout)["broken"]
    assert name in sentence and said in sentence and "broken: " in result.stderr


def test_without_metadata_and_without_devices(monkeypatch):
    def absent():
        raise metadata.PackageNotFoundError("wetcow")

    def fail():
        raise RuntimeError("Unable to initialize backend 'cuda'")

    monkeypatch.setattr(doctor, "required", absent)
    monkeypatch.setattr(jax, "devices", fail)
    result = run_doctor()
    assert result.exit_code == 1
    assert "not installed" in result.stderr and "backend 'cuda'" in result.stderr


# Files


@pytest.mark.slow
def test_it_tells_the_truth(tmp_path):
    result = run_doctor("--json", "-", "--data-dir", tmp_path)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["broken"] == []
    required = {found["name"]: found["version"] for found in report["required"]}
    assert required["jax"] == jax.__version__ and required["numpy"] == np.__version__
    assert report["jax"]["backend"] == jax.default_backend()
    assert len(report["jax"]["devices"]) == len(jax.devices())
    assert report["jax"]["double_precision"] is True
    assert report["machine"]["usable_cores"] <= report["machine"]["cores"]
    assert report["extras"]["mri"]["complete"] is True  # the tests need it
    # An empty folder: only the embedded data set is complete.
    assert report["data"]["folder"] == str(tmp_path)
    complete = {name: one["complete"] for name, one in report["data"]["sets"].items()}
    assert complete == {"digits": True, "mnist": False, "fashion-mnist": False}
    assert "everything that is required works" in result.stderr


def test_memory_is_that_of_a_container(monkeypatch, tmp_path):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(doctor, "_CGROUP_LIMIT", limit)
    whole = doctor.memory_mb()
    limit.write_text("max\n")
    assert doctor.memory_mb() == whole
    limit.write_text("500000000\n")
    assert doctor.memory_mb() == 500


def test_complete_data_have_no_problem(tmp_path, monkeypatch):
    files = {}
    for name in ("mnist", "fashion-mnist"):
        (tmp_path / name).mkdir()
        for kind in ("images", "labels"):
            key, content = f"{name}/train-{kind}", f"{name} {kind}".encode()
            (tmp_path / key).write_bytes(content)
            files[key] = (len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(idx_files, "FILES", files)
    assert datasets.check_folder(tmp_path)[1] == {"mnist": "", "fashion-mnist": ""}
    result = run_doctor("--data-dir", tmp_path, "--json", "-")
    assert all(one["complete"] for one in json.loads(result.stdout)["data"]["sets"].values())


# Errors


def test_too_old_and_missing_packages_are_broken(monkeypatch):
    found = [
        installation.Found(name="jax", wanted=">=99", version="0.8", good=False),
        installation.Found(name="optax", wanted=">=0.2", version=None, good=False),
    ]
    monkeypatch.setattr(doctor, "required", lambda: found)
    result = run_doctor()
    assert result.exit_code == 1
    assert "jax>=99 is required, found 0.8" in result.stderr
    assert 'pip install "optax>=0.2"' in result.stderr
    assert "everything" not in result.stdout


def test_a_missing_extra_is_named_with_the_command_but_is_not_broken(monkeypatch):
    missing = installation.Found(name="panel", wanted=">=1.5", version=None, good=False)
    monkeypatch.setattr(doctor, "extras", lambda: {"explore": [missing]})
    result = run_doctor()
    assert result.exit_code == 0
    assert 'missing: panel; pip install "wetcow[explore]"' in result.stdout


def test_damaged_data_are_found_and_missing_ones_named(tmp_path, monkeypatch):
    folder, problems = datasets.check_folder(tmp_path)
    assert folder == tmp_path and set(problems) == {"mnist", "fashion-mnist"}
    assert all("train-images-idx3-ubyte does not exist" in said for said in problems.values())
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist/train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03")
    assert "SHA-256" in datasets.check_folder(tmp_path)[1]["mnist"]
    monkeypatch.setenv("WETCOW_DATA_DIR", str(tmp_path / "other"))
    assert datasets.check_folder()[0] == tmp_path / "other"
