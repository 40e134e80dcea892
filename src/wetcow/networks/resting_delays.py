"""Noise at rest with conduction delays, exactly, in the frequency domain (docs/theory.md).

With delays the matrix depends on the frequency, A(z) = diag(γ + iω) + R_ij e^{−zτ_ij}. Noise
passes through (iν − A(iν))⁻¹, and the network is stable if det(z − A(z)) has no zero with Re z ≥ 0.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.networks.delayed import Delayed
from wetcow.networks.lyapunov import adjoint, complex_of, product
from wetcow.precision import in_double

BLOCK = 256  # frequencies of one compiled call
FEWEST_BLOCKS, MOST_BLOCKS = 2, 128
TRACED_BLOCKS = 16  # where convergence cannot be looked at
REACH = 12.5  # of frequencies, in sinh: 10⁵ times the scale of rates
CONVERGED = 1e-6  # relative change of the covariance by twice as many frequencies
LARGEST_TURN = 2.0  # radians of the determinant's phase between frequencies, for counting turns
CANDIDATES, ITERATIONS = 6, 12  # rightmost roots that are followed, and how often
FOUND = 1e-6  # last step at a root, of the scale of rates


def phases(coupling: Delayed, frequency: Any) -> Any:
    """R_ij e^{−iωτ_ij}: delays as the phases by which they turn a wave of `frequency` ω."""
    turned = complex_of(0.0, -frequency * jnp.asarray(coupling.delay))
    return jnp.asarray(coupling.r) * jnp.exp(turned)


class DelayedRest(eqx.Module):
    """A(z) of a network with delays.

    Attributes
    ----------
    own : complex array (n,)
        γ + iω, 1/time.
    r : complex array (n, n)
        R, 1/time.
    delay : float array (n, n)
        τ, time.
    center, scale : float
        Where spectra are, and how wide about, radians/time.
    """

    own: Any
    r: Any
    delay: Any
    center: Any
    scale: Any

    @classmethod
    def of(cls, network: Any) -> DelayedRest:
        """That of a network with `Delayed` coupling."""

        def build(network):
            modes, coupling = network.modes, network.coupling
            own = jnp.broadcast_to(complex_of(modes.gamma, modes.omega), (network.size,))
            r = jnp.asarray(coupling.r)
            center = jnp.mean(own.imag)
            aside = complex_of(own.real, own.imag - center)
            size = jnp.sum(jnp.abs(aside) ** 2) + jnp.sum(jnp.abs(r) ** 2)
            scale = jnp.sqrt(size / network.size)
            return cls(
                own=own,
                r=r,
                delay=jnp.asarray(coupling.delay),
                center=jax.lax.stop_gradient(center),
                scale=jax.lax.stop_gradient(scale),
            )

        return in_double(build)(network)

    def matrix(self, z: Any) -> Any:
        """A(z), complex (n, n), of a complex z."""
        return jnp.diag(self.own) + self.r * self.passed(z)

    def passed(self, z: Any) -> Any:
        """What delays make of a wave e^{zt}: e^{−zτ}, complex (n, n)."""
        return jnp.exp(-z * self.delay.astype(self.r.dtype))

    def nodes(self, count: int) -> tuple[Any, Any]:
        """Frequencies ν over the whole axis, and weights with which sums are integrals over ν/2π.

        ν = center + scale sinh(x) at equally spaced x: near the center as close as eigenvalues
        near the axis need, far out still closer than 1/τ, with which spectra oscillate there.
        """
        x = np.linspace(-REACH, REACH, count)
        frequency = self.center + self.scale * np.sinh(x)
        weight = self.scale * np.cosh(x) * (x[1] - x[0]) / (2 * np.pi)
        return frequency, weight

    def known_part(self, q: Any) -> Any:
        """Integral of `known_spectrum`, by residues."""
        s = self.scale.astype(self.r.dtype)
        once = (self.r * self.passed(complex_of(self.scale, self.center))) @ q
        return q / (2 * s) + (once + adjoint(once)) / (4 * s**2)

    def known_spectrum(self, q: Any, frequency: Any) -> Any:
        """The cross-spectrum far out, complex (n, n): what is not passed on, or passed on once.

        With it subtracted, what is left to be summed falls off like 1/ν⁴.
        """
        z = complex_of(self.scale, frequency - self.center)
        power = z * jnp.conj(z)
        once = (self.r * self.passed(complex_of(0.0, frequency))) @ q / (z * power)
        return q / power + once + adjoint(once)

    def covariance_and_unstable_roots(self, q: Any) -> tuple[Any, int]:
        """S, and how many characteristic roots have positive real parts.

        Roots are counted by the turns of det(iν − A(iν)) as ν runs over the axis.

        Raises
        ------
        ValueError
            If so many frequencies would be needed that the network is as good as unstable.
        """
        before = np.full_like(q, np.inf)
        run = in_double(_block)
        blocks = FEWEST_BLOCKS
        while blocks <= MOST_BLOCKS:
            frequency, weight = self.nodes(blocks * BLOCK)
            parts = [
                run(self, q, frequency[at : at + BLOCK], weight[at : at + BLOCK])
                for at in range(0, len(frequency), BLOCK)
            ]
            covariance = in_double(DelayedRest.known_part)(self, q)
            covariance = covariance + sum(part[0] for part in parts)
            phase = np.concatenate([[0.0], *(part[1] for part in parts), [0.0]])
            turn = np.angle(np.exp(1j * np.diff(phase)))
            change = np.linalg.norm(covariance - before)
            if change <= CONVERGED * np.linalg.norm(covariance) and (
                np.max(np.abs(turn)) < LARGEST_TURN
            ):
                return covariance, -round(float(turn.sum()) / (2 * np.pi))
            before, blocks = covariance, 2 * blocks
        raise ValueError(
            "this network with delays is too close to instability, or its delays are too long, for "
            f"its covariance to be integrated over {MOST_BLOCKS * BLOCK} frequencies: use "
            "delays='phase', or lower gamma or the coupling strength"
        )


@eqx.filter_jit
def _block(rest: DelayedRest, q: Any, frequency: Any, weight: Any) -> tuple[Any, Any]:
    """Sum of weighted cross-spectra but for the known part; phases of the determinant."""

    def add(total, each):
        frequency, weight = each
        identity = jnp.eye(len(rest.own), dtype=rest.r.dtype)
        z = complex_of(0.0, frequency)
        inverse = z * identity - rest.matrix(z)
        h = jnp.linalg.inv(inverse)
        left = product(product(h, q), adjoint(h)) - rest.known_spectrum(q, frequency)
        # Beside (z − z₀)ⁿ with z₀ to the left, the determinant neither turns nor grows far out.
        far = complex_of(rest.scale, frequency - rest.center)
        beside = jnp.linalg.slogdet(inverse / far)[0]
        return total + weight.astype(left.dtype) * left, jnp.angle(beside)

    return jax.lax.scan(add, jnp.zeros_like(rest.r), (frequency, weight))


def covariance_of(rest: DelayedRest, q: Any) -> Any:
    """S by a fixed number of frequencies; differentiable."""
    frequency, weight = rest.nodes(TRACED_BLOCKS * BLOCK)
    return rest.known_part(q) + _block(rest, q, frequency, weight)[0]


def exact_abscissa(rest: DelayedRest) -> Any:
    """Largest real part of the characteristic roots, z = an eigenvalue of A(z).

    Roots are followed by Newton's method from the rightmost eigenvalues with delays as phases. NaN
    where it finds none; it has no derivative.
    """
    rest = jax.lax.stop_gradient(rest)
    start = jnp.linalg.eigvals(rest.matrix(complex_of(0.0, rest.center)))
    start = start[jnp.argsort(-start.real)[:CANDIDATES]]

    def step(z):
        values, vectors = jnp.linalg.eig(rest.matrix(z))
        nearest = jnp.argmin(jnp.abs(values - z))
        slope = -rest.delay.astype(rest.r.dtype) * rest.r * rest.passed(z)
        slope = jnp.linalg.solve(vectors, slope @ vectors[:, nearest])[nearest]
        return (values[nearest] - z) / (1 - slope)

    def follow(z):
        z = jax.lax.fori_loop(0, ITERATIONS, lambda _, z: z + step(z), z)
        return jnp.where(jnp.abs(step(z)) < FOUND * rest.scale, z.real, jnp.nan)

    return jnp.nanmax(jax.lax.map(follow, start))
