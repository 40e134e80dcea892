"""Fit a network to what was measured of a brain at rest: `fit`."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from threadpoolctl import threadpool_limits

from wetcow import validation
from wetcow.fit.losses import mean_of_subjects, objective_of, target_of
from wetcow.fit.model import Structure, fitted_network, resting_of, starting_values
from wetcow.fit.nulls import null_structures
from wetcow.fit.optimiser import Problem, minimise
from wetcow.fit.parameters import layout_of
from wetcow.fit.refinement import Refinement, checked_refinement, refine_fit
from wetcow.fit.result import Fitted, Outcome, parameters_of
from wetcow.fit.uncertainty import standard_errors as errors_of
from wetcow.networks.delayed import Delayed
from wetcow.networks.network import Network
from wetcow.networks.resting_statistics import Resting
from wetcow.precision import in_double
from wetcow.process import check_process

MEASURED = "connectome"  # the name of the network itself beside its nulls
SPREAD = 0.5  # of the logarithms of global parameters, between starts


# Threads of LAPACK wait for each other longer than they work on matrices of such sizes.
@threadpool_limits.wrap(limits=1, user_api="blas")
def fit(
    network: Network,
    target: Any = None,
    *,
    parameters: dict[str, Any] | None = None,
    noise: Any = 0.01,
    loss: str | dict[str, float] | Callable[[Resting], Any] = "fc",
    bounds: dict[str, tuple[float, float]] | None = None,
    priors: dict[str, float] | None = None,
    num_independent: float | None = None,
    held_out: Any = None,
    nulls: Any = (),
    distance: Any = None,
    starts: int = 1,
    steps: int = 120,
    learning_rate: float = 0.05,
    betas: tuple[float, float] = (0.9, 0.999),
    seed: int = 0,
    precision: str = "single",
    standard_errors: bool = False,
    refine: Refinement | None = None,
    progress: bool = False,
    path: str | os.PathLike | None = None,
) -> Fitted:
    """Fit the statistics at rest of a network to data, in closed form (docs/theory.md).

    No simulation is needed: each step is two Lyapunov equations. The network is kept stable by
    A = A₀ − (α(A₀) + m) 1, with α the spectral abscissa and m > 0 the margin from criticality.

    Parameters
    ----------
    network : Network
        n modes, one for each region; where the fit starts. It need not be stable: the level of its
        γ is replaced by the margin. `Delayed` links count as phases at its mean ω.
    target : array (n, n) or (subjects, n, n), or dict of str to array, optional
        Functional connectivity, of which subjects are averaged. Or data by the name of their loss.
    parameters : dict of str to "global", "region" or float array (n, k)
        What is fitted. Of regions: "gamma" and "omega", 1/time; "gain", a factor of all inputs of a
        region; "noise", amplitude/sqrt(time). Of all: "coupling_scale" and "delay_scale", factors;
        "margin", 1/time. An array ties a parameter to k maps: (its logarithm, for factors, noise
        and margin) is its start plus maps @ coefficients. Default: "coupling_scale" and "margin".
    noise : float or array (n,)
        σ of the modes, amplitude/sqrt(time).
    loss : str, dict of str to float, or callable
        "fc": correlations of Re a; "power_fc": of |a|²; "lagged_fc": of Re a at lags, from a
        DataArray (lag, mode, mode_from); "spectrum": logarithms of power spectra, from a DataArray
        (frequency, mode). Each is ½ log(1 − r), r Pearson's correlation over all entries. A dict
        weights several. Or a function of `Resting` that returns a number, in JAX.
    bounds : dict of str to (low, high), optional
        Of values. Default: what must be positive is.
    priors : dict of str to float, optional
        Standard deviation of the coefficients, about the start.
    num_independent : float, optional
        How many entries of the data count as independent, beside priors and for standard errors.
        Default: n. Pairs of regions are more than that, but far from independent.
    held_out : array (n, n) or (subjects, n, n), optional
        Functional connectivity of other subjects, on which the fit is judged.
    nulls : sequence of str or dict of str to int
        Null connectomes that are fitted alike: "shuffled", "random", "distance", "rewired".
    distance : array (n, n), optional
        Of regions, for the null "distance". Default: delays of the network, if it has any.
    starts : int
        Fits from as many places, of which the best counts: the network itself, and random ones.
    steps : int
        Of Adam.
    learning_rate : float
        At the start; it falls like a cosine.
    betas : (float, float)
        Of Adam: what is kept at each step of the mean of gradients, and of that of their squares.
    seed : int
        Of random starts and nulls.
    precision : {"single", "double"}
        Of the steps. What is reported is computed in double precision.
    standard_errors : bool
        Whether to compute standard errors, by the curvature of the posterior (Laplace).
    refine : Refinement, optional
        Go on from the closed form by gradient through simulations, where noise is strong:
        ``wetcow.Refinement(steps=20)``. Nulls are not refined.
    progress : bool
        Show step, loss and time left.
    path : path, optional
        A checkpoint (.npz), written every ten steps. If it is there, the same fit goes on from it.

    Returns
    -------
    Fitted

    Raises
    ------
    ValueError
        Before any work, for arguments that make no sense.
    FileExistsError
        If `path` is of another fit.

    Notes
    -----
    A high correlation says little about the connectome: with three parameters for each region,
    random weights fit nearly as well. Compare with `nulls`, on subjects that are held out.

    Correlations do not depend on the unit of time: where all regions have one γ and one ω, only the
    ratio of "margin" and "coupling_scale" is determined, and standard errors of each are infinite.

    Examples
    --------
    >>> import wetcow as wc
    >>> ring = np.roll(np.eye(8), 1, axis=0) + np.roll(np.eye(8), -1, axis=0)
    >>> net = wc.Network(-1.0, 1.0, wc.Dense(ring))
    >>> truth = wc.resting(net.replace(gamma=-2.1)).correlation
    >>> found = wc.fit(net, truth, steps=60)
    >>> round(found.score, 2)
    1.0
    """
    check_process()
    _check_network(network)
    starts = validation.integer("starts", starts, minimum=1)
    steps = validation.integer("steps", steps, minimum=1)
    learning_rate = validation.number("learning_rate", learning_rate, above=0)
    betas = _betas(betas)
    seed = validation.integer("seed", seed, minimum=0)
    if precision not in ("single", "double"):
        raise ValueError(f"precision must be 'single' or 'double', got {precision!r}")
    starting = starting_values(network, _strengths(noise, network.size))
    layout = layout_of(parameters, starting, network.size, bounds, priors)
    _check_delays(network, layout)
    problem = Problem(
        layout=layout,
        fixed={name: value for name, value in starting.items() if name not in layout.names},
        objective=objective_of(loss, target, network.size),
        num_independent=_independent(num_independent, network.size),
    )
    judged = None if held_out is None else mean_of_subjects("held_out", held_out, network.size)
    if judged is not None:
        target_of("fc", judged, network.size, name="held_out")
    further = checked_refinement(refine, problem.objective, network)
    structure = Structure.of(network)
    distance = _distances(distance, network)
    variants = [(MEASURED, structure), *null_structures(structure, nulls, distance, seed)]
    best, losses = minimise(
        problem,
        _repeated([one for _, one in variants], starts),
        np.tile(layout.scatter(starts, SPREAD, np.random.default_rng(seed)), (len(variants), 1)),
        steps=steps,
        learning_rate=learning_rate,
        betas=betas,
        double=precision == "double",
        progress=progress,
        path=None if path is None else pathlib.Path(path).expanduser(),
    )
    chosen = best[_best_starts(losses, len(variants), starts)]
    chosen[0], refined = refine_fit(problem, structure, network, chosen[0], further, judged)
    values = in_double(problem.values)(chosen[0])
    errors = errors_of(problem, structure, chosen[0]) if standard_errors else {}
    whole = fitted_network(network, structure, values)
    return Fitted(
        network=whole,
        noise=np.asarray(values["noise"], dtype=float),
        parameters=parameters_of({**values, "gamma": whole.modes.gamma}, layout.names, errors),
        outcomes=tuple(
            _outcome(problem, one, name, solution, judged)
            for (name, one), solution in zip(variants, chosen, strict=True)
        ),
        losses=losses.reshape(len(losses), len(variants), starts),
        num_parameters=layout.count,
        ceiling=_ceiling(target, judged, network.size),
        resting=resting_of(structure, values),
        refined=refined,
    )


def _check_network(network: Any) -> None:
    if not isinstance(network, Network):
        hint = ": call its to_network() first" if hasattr(network, "to_network") else ""
        raise TypeError(f"fit() is of a Network, got a {type(network).__name__}{hint}")


def _betas(betas: Any) -> tuple[float, float]:
    found = validation.array("betas", betas, ndim=1)
    if found.shape != (2,) or np.any(found < 0) or np.any(found >= 1):
        raise ValueError(f"betas must be two numbers from 0 to below 1, got {betas!r}")
    return float(found[0]), float(found[1])


def _independent(num_independent: float | None, size: int) -> float:
    given = size if num_independent is None else num_independent
    return validation.number("num_independent", given, above=0)


def _repeated(structures: list[Structure], starts: int) -> Structure:
    """All structures in one pytree, each as often as it has starts."""
    return jax.tree.map(lambda *leaves: np.repeat(np.stack(leaves), starts, axis=0), *structures)


def _strengths(noise: Any, size: int) -> np.ndarray:
    strengths = validation.array("noise", noise, ndim=(0, 1))
    if strengths.shape not in ((), (size,)) or np.any(strengths <= 0):
        raise ValueError(
            f"noise must be a positive number, or one of each of the {size} modes, got {noise!r}"
        )
    return np.array(np.broadcast_to(strengths, (size,)))


def _check_delays(network: Network, layout: Any) -> None:
    fits_delays = any(one.name == "delay_scale" for one in layout.parameters)
    if fits_delays and not isinstance(network.coupling, Delayed):
        raise ValueError(
            "delay_scale needs delays: this network has none, or only their phases. Build it by "
            "Connectome.to_network(delays='exact'), or with wetcow.Delayed"
        )


def _distances(distance: Any, network: Network) -> np.ndarray | None:
    if distance is not None:
        found = validation.array("distance", distance, ndim=2)
        if found.shape != (network.size, network.size):
            raise ValueError(
                f"distance must be ({network.size}, {network.size}), got {found.shape}"
            )
        return found
    if isinstance(network.coupling, Delayed) and np.any(network.coupling.delay):
        linked = np.abs(np.asarray(network.coupling.r)) > 0
        return np.where(linked, network.coupling.delay, np.inf)
    return None


def _best_starts(losses: np.ndarray, variants: int, starts: int) -> list[int]:
    """Which fit of each variant had the smallest loss."""
    least = np.nanmin(np.where(np.isfinite(losses), losses, np.inf), axis=0)
    least = least.reshape(variants, starts)
    if not np.all(np.isfinite(least.min(axis=1))):
        raise ValueError(
            "the loss is not finite at any step: is it a function that JAX can differentiate, of "
            "numbers that are finite? precision='double' helps where margins are very small"
        )
    return [int(i * starts + at) for i, at in enumerate(least.argmin(axis=1))]


def _outcome(
    problem: Problem, structure: Structure, name: str, best: np.ndarray, judged: Any
) -> Outcome:
    values = in_double(problem.values)(best)
    rest = resting_of(structure, values)
    scores = {
        one.kind: float(in_double(lambda one=one: one.correlation(rest))())
        for one in problem.objective.targets
    }
    out = None
    if judged is not None:
        out = float(in_double(target_of("fc", judged, rest.size).correlation)(rest))
    return Outcome(
        name=name,
        loss=float(in_double(lambda: problem.objective(rest))()),
        scores=scores,
        held_out=out,
    )


def _ceiling(target: Any, judged: Any, size: int) -> float | None:
    """Correlation of the two groups' functional connectivity."""
    fc = target.get("fc") if isinstance(target, dict) else target
    if judged is None or fc is None:
        return None
    upper = np.triu_indices(size, 1)
    fitted = mean_of_subjects("target", fc, size)[upper]
    other = judged[upper]
    finite = np.isfinite(fitted) & np.isfinite(other)
    return float(np.corrcoef(fitted[finite], other[finite])[0, 1])
