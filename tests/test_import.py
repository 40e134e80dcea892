"""Importing the package is light, and every public name resolves."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import wetcow
from wetcow._moved import MOVED

# Known answers


def test_import_does_no_array_work():
    heavy = ("jax", "diffrax", "equinox", "xarray", "scipy", "sklearn", "matplotlib")
    code = f"import sys, wetcow; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", wetcow.__all__)
def test_public_names_resolve(name):
    assert getattr(wetcow, name).__doc__


@pytest.mark.parametrize("old", MOVED)
def test_modules_are_found_where_they_were(old):
    if MOVED[old] == "reports.peers.convolutional":
        pytest.importorskip("torch")
    sys.modules.pop(f"wetcow.{old}", None)
    with pytest.warns(DeprecationWarning, match=MOVED[old]):
        found = importlib.import_module(f"wetcow.{old}")
    assert found is importlib.import_module(f"wetcow.{MOVED[old]}")
    assert found.__spec__.name == f"wetcow.{MOVED[old]}"


@pytest.mark.parametrize(
    "room",
    [
        *("modes", "networks", "tissue", "images", "learning", "learning.model", "learning.data"),
        *("learning.finetune", "learning.dynamics", "learning.io"),
    ],
)
def test_rooms_name_their_modules(room):
    """What a room's stub says is there, and nothing is left out."""
    package = importlib.import_module(f"wetcow.{room}")
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert modules <= set(package.__all__)
    for name in package.__all__:
        assert getattr(package, name).__doc__


# Errors


def test_dir_lists_the_public_names():
    assert set(dir(wetcow)) == set(wetcow.__all__) and {"Mode", "__version__"} < set(dir(wetcow))
    missing = "nothing_like_this"
    with pytest.raises(AttributeError, match=missing):
        getattr(wetcow, missing)
