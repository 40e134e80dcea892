"""A sweep shared by the workers of a Dask cluster is that of one process."""

import conftest
import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.synchrony import MeanOrder

distributed = pytest.importorskip("distributed")

# Of the scheduler's status page, which nobody looks at, if several tests run at once.
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Port \d+ is already in use:UserWarning")

SETTINGS = {"t1": 4.0, "num_samples": 9}


def cluster(processes):
    return distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=processes, dashboard_address=":0"
    )


@pytest.fixture(scope="module")
def client():
    """Two workers which are threads: all of the cluster but what is between processes."""
    with cluster(False) as local, distributed.Client(local, set_as_default=False) as client:
        yield client


@pytest.fixture
def network(rng):
    return wc.Network(1.0, rng.uniform(0.5, 2, 3), wc.Dense(conftest.random_coupling(rng, 3)))


def same(network, client, **options):
    here = wc.sweep(network, **SETTINGS, **options)
    there = wc.sweep(network, client=client, **SETTINGS, **options)
    xr.testing.assert_allclose(there, here, rtol=1e-9, atol=1e-9)
    np.testing.assert_equal(there.attrs, here.attrs)
    return there


# Known answers


@pytest.mark.slow
def test_noise_couplings_and_reducers(network, client, rng):
    """Nine runs do not divide into equal blocks; steps are those of the fastest of all runs."""
    r = conftest.random_coupling(rng, 3)
    couplings = [wc.Dense(strength * r) for strength in (0.1, 1.0, 20.0)]
    options = {"noise": 0.1, "seed": [1, 2, 3], "reduce": {"order": MeanOrder()}}
    runs = same(network, client, coupling=couplings, **options)
    assert runs.a.shape == (3, 3, 9, 3) and runs.order.shape == (3, 3)
    assert np.isfinite(runs.a).all()


@pytest.mark.slow
def test_processes(network):
    with cluster(True) as local, distributed.Client(local, set_as_default=False) as client:
        same(network, client, gamma=np.linspace(-0.5, 5.0, 11), seed=[1, 2], dt=0.02)


# Errors


@pytest.mark.slow
def test_an_error_on_a_worker_is_raised(network, client, monkeypatch):
    from wetcow.simulation.batch import calls

    def failing(*_, **__):
        raise RuntimeError("no memory here")

    monkeypatch.setattr(calls, "start_group", failing)  # workers are threads of this process
    with pytest.raises(RuntimeError, match="no memory here"):
        wc.sweep(network, client=client, gamma=[0.5, 1.0], **SETTINGS)


def test_nonsense_is_refused(network, client):
    import jax

    with pytest.raises(ValueError, match="devices or client"):
        wc.sweep(network, client=client, devices=jax.devices(), gamma=[1.0], **SETTINGS)
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        distributed.Client(empty, set_as_default=False) as nobody,
        pytest.raises(ValueError, match="no workers"),
    ):
        wc.sweep(network, client=nobody, gamma=[1.0], **SETTINGS)
