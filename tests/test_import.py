"""Importing the package is light, and every public name resolves."""

import subprocess
import sys

import pytest

import wetcow


def test_import_does_no_array_work():
    heavy = ("jax", "diffrax", "equinox", "xarray", "scipy", "sklearn", "matplotlib")
    code = f"import sys, wetcow; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", wetcow.__all__)
def test_public_names_resolve(name):
    assert getattr(wetcow, name).__doc__


def test_dir_lists_the_public_names():
    assert set(dir(wetcow)) == {*wetcow.__all__, "__version__"}
    with pytest.raises(AttributeError, match="nothing_like_this"):
        _ = wetcow.nothing_like_this
