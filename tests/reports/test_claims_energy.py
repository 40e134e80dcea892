"""Operations are counted as compilers count them; verdicts follow from them."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from wetcow import WaveClassifier, datasets
from wetcow.learning.dynamics.build import build_network
from wetcow.learning.dynamics.random_modes import draw_random_modes
from wetcow.learning.model.encoder import encode_group
from wetcow.modes.kernel_matrix import kernel_tile
from wetcow.reports.claims import energy
from wetcow.reports.evidence import Effort, from_plain, to_plain
from wetcow.reports.images.data import Images, Part
from wetcow.reports.metrics import energy as energy_metrics, operations, peer_operations
from wetcow.reports.peers.layers import forward, initial_weights
from wetcow.reports.peers.spiking import STEPS, scores_and_spikes


@pytest.fixture(scope="module")
def digits():
    return [Part(*datasets.load("digits", part)) for part in ("train", "test")]


def counted_by_compiler(function, *arguments):
    return jax.jit(function).lower(*arguments).compile().cost_analysis()["flops"]


def row(network, size, reached, cost):
    costs = dict.fromkeys(("operations", "bytes", "microjoules", "parameters", "learning"), cost)
    return {
        "network": network,
        "size": size,
        "accuracy": reached,
        "chip_bytes": 1.0,
        **costs,
        "images": 3,
        "agreement": 0.9,
        "rate": 0.1,
        "features": 100,
    }


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize("response", ["amplitude", "both", "analytic"])
def test_waves_are_counted_as_by_the_compiler(digits, response):
    """Within a quarter: it also counts comparisons, and saves what is the same twice."""
    model = WaveClassifier(n_modes=8, response=response, n_regions=4).fit(*digits[0])
    hidden, readout = model.hidden_, model.readout_
    (layer,), (geometry,) = hidden.layers, hidden.geometries
    memory, projection = readout.memory, readout.projection
    series = jnp.asarray(memory.kernel.series.chebyshev[0])

    def criticality(images):
        codes = encode_group(images, layer, geometry, response)
        along = codes @ projection.axes / jnp.linalg.norm(codes) - projection.origin
        tile = kernel_tile(along / jnp.linalg.norm(along), jnp.asarray(memory.rows), series)
        return tile @ memory.coupling.astype("f4") + memory.bias.astype("f4")

    found = counted_by_compiler(criticality, jnp.asarray(hidden.images(digits[1].images[:1])))
    assert found == pytest.approx(operations.waves(hidden, readout).operations, rel=0.25)
    arrays = [layer.excitation, layer.gamma, layer.omega, *projection]
    arrays += [memory.rows, memory.coupling, memory.bias]
    arrays += [layer.frequency] * (layer.frequency is not None)
    # And an offset for each cosine, which products have.
    words = sum(map(np.size, arrays)) + 64 + len(memory.rows)
    assert operations.waves(hidden, readout).memory_words == words
    if response == "analytic":
        return  # no mode follows it
    network = build_network(
        hidden, draw_random_modes(readout, 256), model.classes_, digits[1].images[0]
    )
    found = counted_by_compiler(lambda a: network.field(a), jnp.asarray(network.initial(), "c8"))
    assert found == pytest.approx(operations.one_evaluation(network).operations, rel=0.25)


def test_perceptron_is_counted_as_by_the_compiler():
    sizes = (64, 32, 32, 10)
    weights = initial_weights(np.random.default_rng(0), sizes)
    found = counted_by_compiler(forward, weights, jnp.zeros((1, 64)))
    count = peer_operations.layers(sizes)
    assert found == pytest.approx(count.operations, rel=0.05)
    arrays = sum(leaf.size for leaf in jax.tree.leaves(weights))
    assert count.memory_words == arrays + 64  # and the image


def test_dense_spikes_are_counted_as_products():
    """If every neuron fired in every step, there would be as many additions as synapses, times."""
    sizes = (64, 32, 16, 10)
    busy = peer_operations.spiking(sizes, [32.0 * STEPS, 16.0 * STEPS])
    calm = peer_operations.spiking(sizes, [0.0, 0.0])
    assert busy.additions - calm.additions == STEPS * (32 * 16 + 16 * 10 + 32 + 16)
    assert busy.multiplications == calm.multiplications == 64 * 32 + STEPS * (32 + 16 + 10)
    weights = initial_weights(np.random.default_rng(0), sizes)
    parameters = sum(leaf.size for leaf in jax.tree.leaves(weights))
    assert busy.memory_words == calm.memory_words == parameters + 64


@pytest.mark.slow
def test_spikes_are_counted_for_each_image():
    weights = initial_weights(np.random.default_rng(0), (4, 8, 3))
    images = np.random.default_rng(1).uniform(0, 1, (700, 4)).astype("f4")
    spikes = scores_and_spikes(weights, jnp.asarray(images))[1][0]
    labels = np.asarray(scores_and_spikes(weights, jnp.asarray(images))[0]).argmax(axis=1)
    labels[:70] = 9  # never said
    reached, (fired,) = energy_metrics._answers(weights, Part(images, labels))
    assert reached == pytest.approx(0.9)
    assert fired == pytest.approx(float(spikes.mean())) and fired > 1


def test_energy_is_what_the_table_says():
    count = operations.Count(
        additions=1e6, multiplications=2e6, others=3e6, memory_words=4e6, chip_words=5e6
    )
    assert count.microjoules == pytest.approx(0.9 + 2 * 3.7 + 3 * 37 + 4 * 640 + 5 * 5)
    twice = count.plus(count, 0.5)
    assert twice.microjoules == pytest.approx(1.5 * count.microjoules)


@pytest.mark.slow
def test_learning_grows_with_pairs_of_examples(digits):
    (images, labels), _ = digits
    small, large = (
        WaveClassifier(n_modes=4).fit(images[:count], labels[:count]) for count in (150, 600)
    )
    few, many = (
        energy_metrics.learning_waves(one, operations.Count(), 0) for one in (small, large)
    )
    components = [one.memory_.rows.shape[1] for one in (small, large)]
    iterations = [one.memory_.iterations for one in (small, large)]
    wanted = [
        n**2 * (d + 40 * k) for n, d, k in zip((150, 600), components, iterations, strict=True)
    ]
    assert [few, many] == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("peers", "verdict"),
    [
        ([(0.98, 300.0), (0.94, 20.0)], "holds"),
        ([(0.96, 100.0)], "holds partly"),  # surpasses the larger of both
        ([(0.96, 10.0)], "does not hold"),
        ([(0.949, 1.0)], "holds"),  # takes less, and does worse
    ],
)
def test_verdicts_compare_at_measured_accuracies(peers, verdict):
    rows = [
        row(energy_metrics.WAVES, "8 modes", 0.95, 50.0),
        row(energy_metrics.WAVES, "32", 0.955, 200.0),
    ]
    rows.append(row(energy_metrics.INTEGRATED, "8 modes", 0.95, 9000.0))
    rows += [row(energy_metrics.CONVNET, "small", *peer) for peer in peers]
    claims = energy.judge(rows)
    assert [claim.verdict for claim in claims] == [*[verdict] * 3, "not testable"]
    assert "180 times the closed form" in claims[2].measured


@pytest.mark.slow
def test_digits_are_learned_counted_and_drawn(digits, monkeypatch):
    monkeypatch.setattr(energy, "load_images", lambda *_: Images("digits", *digits))
    monkeypatch.setattr(energy_metrics, "has_torch", lambda: False)
    sizes = energy_metrics.EnergySizes(
        train=700, test=200, modes=(4, 8), integrated=2, passes=6, steps=1, widths=(32,), maps=()
    )
    monkeypatch.setattr(energy, "_QUICK", sizes)
    evidence = energy.run(Effort(quick=True, seed=0, data_dir=None, say=lambda line: None))
    rows = evidence.tables[0].rows
    names = [one["network"] for one in rows]
    assert names == [
        *[energy_metrics.WAVES] * 2,
        energy_metrics.INTEGRATED,
        energy_metrics.PERCEPTRON,
        energy_metrics.SPIKING,
    ]
    small, large, integrated, _, spiking = rows
    assert 0.8 < small["accuracy"] < large["accuracy"]
    for one, other in itertools.pairwise([small, large, integrated]):
        assert one["operations"] < other["operations"]
    assert integrated["agreement"] >= 0.5
    assert 0 < spiking["rate"] < 1
    assert [*energy.draw(from_plain(to_plain(evidence)))] == ["energy"]


# An independent integrator or library


@pytest.mark.parametrize("maps", [(4, 8, 8), (16, 30, 30)])
def test_convolutions_are_counted_as_by_torch(maps):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    from wetcow.reports.peers.convolutional import Small

    network = functools.partial(Small, maps=maps)(784, 10).eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        network(torch.zeros(1, 784))
    count = peer_operations.small_convnet(maps)
    # It counts products alone, not batch normalisation.
    assert counter.get_total_flops() == pytest.approx(count.operations, rel=0.1)
    assert counter.get_total_flops() < count.operations
    parameters = sum(one.numel() for one in network.parameters())
    assert count.memory_words == parameters + 784
