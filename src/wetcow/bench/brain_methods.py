"""How a brain is fitted, and BOLD simulated, with wetcow and others, as their users write it.

`brain_fits` runs these functions and counts their lines. A fit gets weights, lengths
(mm) and functional connectivity of n regions, and yields what was fitted, how many numbers, and the
connectivity of the model. Parameters, ranges and durations of peers are those of their
documentation, as far as it names them. effort shortens a fit, to see that it runs.
"""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

SCALES = ("as counted", "logarithms")
STEP = 1.6  # ms; `wetcow bench brains` compares errors
Fit = Iterator[tuple[str, int, Any]]
Run = Callable[[], Any]  # simulates so many seconds of BOLD; compiles when it is first called


def agreement(one: Any, other: Any) -> float:
    """Pearson's correlation of pairs of regions."""
    pairs = np.triu_indices(len(other), 1)
    return float(np.corrcoef(np.asarray(one)[pairs], np.asarray(other)[pairs])[0, 1])


def ours_two(weights: Any, lengths: Any, fc: Any, effort: float) -> Fit:
    """Margin and coupling of all, in closed form."""
    import wetcow as wc

    connectome = wc.Connectome(
        weights, lengths, frequency=10.0, speed=10.0, normalisation="spectral"
    )
    network = connectome.to_network(gamma=-1.2, coupling_strength=1.0, delays="exact")
    parameters = {"coupling_scale": "global", "margin": "global"}
    fitted = wc.fit(network, fc, parameters=parameters, steps=round(120 * effort))
    yield "margin and coupling", fitted.num_parameters, fitted.resting.correlation


def ours_regional(weights: Any, lengths: Any, fc: Any, effort: float) -> Fit:
    """Three numbers of each region with priors, in closed form."""
    import wetcow as wc

    connectome = wc.Connectome(
        weights, lengths, frequency=10.0, speed=10.0, normalisation="spectral"
    )
    network = connectome.to_network(gamma=-1.2, coupling_strength=1.0, delays="exact")
    regional = dict.fromkeys(("gamma", "omega", "gain"), "region")
    of_all = dict.fromkeys(("coupling_scale", "margin", "delay_scale"), "global")
    fitted = wc.fit(
        network,
        fc,
        parameters={**regional, **of_all},
        priors=dict.fromkeys(regional, 0.5),
        steps=round(120 * effort),
    )
    yield "γ, ω, gain of regions, priors", fitted.num_parameters, fitted.resting.correlation


def hopf_bold(task: tuple[Any, Any, float, float, float, int]) -> Any:
    """Simulated connectivity of neurolib's Hopf model; w, noise and speed of its brain example."""
    from neurolib.models.hopf import HopfModel  # pyright: ignore[reportMissingImports]
    from neurolib.utils.functions import fc  # pyright: ignore[reportMissingImports]

    weights, lengths, coupling, a, seconds, seed = task
    model = HopfModel(Cmat=weights, Dmat=lengths, seed=seed)
    model.params.update({"w": 1.0, "signalV": 0.0, "sigma_ou": 0.14, "K_gl": coupling, "a": a})
    model.params.update({"duration": 1e3 * seconds, "bold": True})
    model.params["seed"] = None  # with a seed each chunk of two seconds has the same noise
    model.run(chunkwise=True, bold=True)
    return fc(model.BOLD.BOLD[:, 5:])


def neurolib_hopf(weights: Any, lengths: Any, fc: Any, effort: float) -> Fit:
    """A grid of coupling and a, one minute each on all cores; the best again for five minutes."""
    from neurolib.utils.functions import matrix_correlation  # pyright: ignore

    points = list(itertools.product((0.1, 0.3, 0.6, 1.0, 2.0), (-0.5, -0.1, 0.05, 0.25)))
    tasks = [(weights, lengths, coupling, a, 60 * effort, 0) for coupling, a in points]
    with multiprocessing.get_context("fork").Pool() as pool:  # as its BoxSearch has
        found = pool.map(hopf_bold, tasks, chunksize=1)
    scores = np.nan_to_num([matrix_correlation(one, fc) for one in found], nan=-1.0)
    coupling, a = points[int(np.argmax(scores))]
    best = hopf_bold((weights, lengths, coupling, a, 300 * effort, 1))
    yield f"Hopf, grid: K_gl = {coupling}, a = {a}", 2, best


def tvboptim_wong_wang(weights: Any, lengths: Any, fc: Any, effort: float) -> Fit:
    """Its workflow RWW: a grid, G and w by gradient, then w of regions, 90 s at 4 ms."""
    import jax
    import optax
    from tvboptim.experimental.network_dynamics import Network, prepare  # pyright: ignore
    from tvboptim.experimental.network_dynamics.coupling import LinearCoupling  # pyright: ignore
    from tvboptim.experimental.network_dynamics.dynamics.tvb import (  # pyright: ignore
        ReducedWongWang,
    )
    from tvboptim.experimental.network_dynamics.graph import DenseGraph  # pyright: ignore
    from tvboptim.experimental.network_dynamics.noise import AdditiveNoise  # pyright: ignore
    from tvboptim.experimental.network_dynamics.solvers import Heun  # pyright: ignore
    from tvboptim.observations import compute_fc, rmse  # pyright: ignore
    from tvboptim.observations.tvb_monitors.bold import HRFBold  # pyright: ignore
    from tvboptim.optim import OptaxOptimizer  # pyright: ignore
    from tvboptim.types import Parameter  # pyright: ignore

    jax.config.update("jax_enable_x64", True)
    target = np.where(np.eye(len(fc)), 0.0, fc)
    network = Network(
        dynamics=ReducedWongWang(w=0.3, I_o=0.32, INITIAL_STATE=(0.3,)),
        coupling={"instant": LinearCoupling(incoming_states=["S"], G=0.15)},
        graph=DenseGraph(weights),
        noise=AdditiveNoise(sigma=0.00283, apply_to="S"),
    )
    model, state = prepare(network, Heun(), t1=9e4, dt=4.0)
    before = model(state)
    network.update_history(before)
    model, state = prepare(network, Heun(), t1=9e4, dt=4.0)
    monitor = HRFBold(period=1000.0, downsample_period=4.0, voi=0, history=before)
    observe = jax.jit(lambda state: compute_fc(monitor(model(state)), skip_t=20))

    def loss(state: Any) -> Any:
        return rmse(observe(state), target)

    losses = {}
    for g, w in itertools.product(np.linspace(0.001, 0.7, max(2, round(5 * effort))), repeat=2):
        state.coupling.instant.G, state.dynamics.w = Parameter(g), Parameter(w)
        losses[g, w] = float(np.nan_to_num(loss(state), nan=np.inf))
    g, w = min(losses, key=lambda point: losses[point])
    state.coupling.instant.G, state.dynamics.w = Parameter(g), Parameter(w)
    state, _ = OptaxOptimizer(loss, optax.adam(0.01)).run(state, max_steps=round(40 * effort))
    yield "reduced Wong-Wang, gradient, global", 2, observe(state)
    state.dynamics.w.shape = (len(fc),)
    state.coupling.instant.G = state.coupling.instant.G.value
    state, _ = OptaxOptimizer(loss, optax.adam(0.005)).run(state, max_steps=round(60 * effort))
    yield "reduced Wong-Wang, gradient, regional", 1 + len(fc), observe(state)


def vbjax_montbrio(weights: Any, lengths: Any, fc: Any, effort: float) -> Fit:
    """A grid of coupling and η of its Montbrió model, three minutes; it has no fit of its own."""
    import jax
    import jax.numpy as jnp
    import vbjax as vb  # pyright: ignore[reportMissingImports]

    def field(x: Any, p: Any) -> Any:
        return vb.mpr_dfun(x, (p[0] * jnp.asarray(weights) @ x[0], 0.0), p[1])

    dt, size = 0.1, len(fc)  # a unit of time of the model is taken for 10 ms
    _, loop = vb.make_sde(dt=dt, dfun=field, gfun=0.03, adhoc=vb.mpr_r_positive)
    blood, blood_step, blood_sample = vb.make_bold((size,), 0.01, vb.bold_default_theta)

    def volume(carry: Any, key: Any, p: Any) -> Any:  # two seconds
        x, blood = carry
        xs = loop(x, jax.random.normal(key, (2000, 2, size)), p)
        rates = xs[:, 0].reshape(-1, 10, size).mean(axis=1)
        blood, _ = jax.lax.scan(lambda b, r: (blood_step(b, r), None), blood, rates)
        return (xs[-1], blood), blood_sample(blood)[1]

    def connectivity(coupling: Any, eta: Any) -> Any:
        p = coupling, vb.mpr_default_theta._replace(eta=eta, J=14.5, Delta=0.7)
        start = jnp.stack([jnp.full(size, 0.1), jnp.full(size, -2.0)])
        keys = jax.random.split(vb.key, round(95 * effort))
        _, bold = jax.lax.scan(lambda carry, key: volume(carry, key, p), (start, blood), keys)
        return jnp.corrcoef(bold[5:].T)

    couplings, etas = np.meshgrid(np.linspace(0.1, 1.0, 5), (-5.0, -4.6, -4.2, -3.8))
    found = np.asarray(jax.jit(jax.vmap(connectivity))(couplings.ravel(), etas.ravel()))
    best = int(np.argmax([agreement(one, fc) for one in found]))
    name = f"Montbrió, grid: G = {couplings.flat[best]:.2f}, η = {etas.flat[best]}"
    yield name, 2, found[best]


def ours_bold(
    weights: Any, lengths: Any, seconds: float, delays: Literal["exact", "phase"] = "exact"
) -> Run:
    """Delays as they are, by steps as exact as neurolib's of 0.1 ms, or as phases, by its own."""
    import wetcow as wc

    connectome = wc.Connectome(
        weights, lengths, frequency=10.0, speed=10.0, normalisation="spectral"
    )
    exact = delays == "exact"
    network = connectome.to_network(
        gamma=-1.2, coupling_strength=1.0, delays=delays, min_delay=STEP if exact else 0.0
    )
    t1 = seconds / connectome.time_unit
    return lambda: wc.simulate(
        network,
        t1=t1,
        num_samples=int(2 * t1) + 1,
        noise=1e-3,
        seed=0,
        a0=0,
        dt=1e-3 * STEP / connectome.time_unit if exact else None,
        precision="single",
        record=False,
        reduce={"bold": wc.Bold(tr=2.0, time_unit=connectome.time_unit)},
    )


def ours_bold_phases(weights: Any, lengths: Any, seconds: float) -> Run:
    """Delays count as phases of 10 Hz."""
    return ours_bold(weights, lengths, seconds, delays="phase")


def neurolib_bold(weights: Any, lengths: Any, seconds: float) -> Run:
    """Hopf model, its own step of 0.1 ms, delays at 10 m/s."""
    from neurolib.models.hopf import HopfModel  # pyright: ignore[reportMissingImports]

    model = HopfModel(Cmat=weights, Dmat=lengths, seed=0)
    model.params.update({"signalV": 10.0, "sigma_ou": 0.14, "bold": True})
    model.params.update({"duration": 1e3 * seconds, "seed": None})
    return lambda: model.run(chunkwise=True, bold=True)


def tvboptim_bold(weights: Any, lengths: Any, seconds: float) -> Run:
    """Reduced Wong-Wang, step of 1 ms as in its README, delays at 10 m/s."""
    import jax
    from tvboptim.experimental import network_dynamics as nd  # pyright: ignore
    from tvboptim.experimental.network_dynamics.coupling import (  # pyright: ignore
        DelayedLinearCoupling,
    )
    from tvboptim.experimental.network_dynamics.dynamics.tvb import (  # pyright: ignore
        ReducedWongWang,
    )
    from tvboptim.experimental.network_dynamics.noise import AdditiveNoise  # pyright: ignore
    from tvboptim.experimental.network_dynamics.solvers.native import Heun  # pyright: ignore
    from tvboptim.observations.tvb_monitors.bold import HRFBold  # pyright: ignore

    network = nd.Network(
        dynamics=ReducedWongWang(w=0.3, I_o=0.32, INITIAL_STATE=(0.3,)),
        coupling={"delayed": DelayedLinearCoupling(incoming_states=["S"], G=0.15)},
        graph=nd.DenseDelayGraph(weights, lengths / 10.0),
        noise=AdditiveNoise(sigma=0.00283, apply_to="S"),
    )
    solve, state = nd.prepare(network, Heun(), t1=1e3 * seconds, dt=1.0)
    monitor = HRFBold(period=2000.0, downsample_period=4.0, voi=0)
    run = jax.jit(lambda state: monitor(solve(state)).data)
    return lambda: jax.block_until_ready(run(state))


class BrainMethod(NamedTuple):
    """What users of a package write.

    Attributes
    ----------
    functions : tuple of callable
        The first is called; the lines of all are counted.
    package : str
        Imported before time is taken.
    weights : sequence of str
        How weights are given to it.
    budget : str
        What the fit was allowed.
    """

    functions: tuple[Callable[..., Any], ...]
    package: str
    weights: Sequence[str] = SCALES
    budget: str = ""


FITS = {
    "wetcow, two": BrainMethod((ours_two,), "wetcow", budget="120 steps"),
    "wetcow, regional": BrainMethod((ours_regional,), "wetcow", budget="120 steps"),
    "neurolib": BrainMethod(
        (neurolib_hopf, hopf_bold), "neurolib.models.hopf", budget="20 runs of 1 minute, 1 of 5"
    ),
    "tvboptim": BrainMethod(
        (tvboptim_wong_wang,), "tvboptim", budget="grid of 25, 40 and 60 steps through 90 s"
    ),
    "vbjax": BrainMethod((vbjax_montbrio,), "vbjax", budget="20 runs of 3 minutes"),
}
RUNS = {
    f"wetcow, exact delays, {STEP} ms": BrainMethod((ours_bold,), "wetcow"),
    "wetcow, delays as phases, its own step": BrainMethod((ours_bold_phases, ours_bold), "wetcow"),
    "neurolib, Hopf, 0.1 ms": BrainMethod((neurolib_bold,), "neurolib.models.hopf"),
    "tvboptim, reduced Wong-Wang, 1 ms": BrainMethod((tvboptim_bold,), "tvboptim"),
}
