"""The statistics of noise at rest that follow from A, Q and the covariance."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.networks.lyapunov import adjoint, complex_of, product, rightmost
from wetcow.networks.resting_delays import DelayedRest
from wetcow.precision import in_double, is_traced

MOST_SQUARINGS = 48  # of exponentials: lags of up to 10¹⁵ over the norm of A
AT_ONCE = 64  # frequencies or lags of one compiled call


class Resting(eqx.Module):
    """Statistics of a network at rest under weak noise, from `resting`.

    Attributes
    ----------
    matrix : complex array (n, n)
        A = diag(γ + iω) + R, 1/time. With exact delays: as it acts at the mean frequency.
    noise_covariance : complex array (n, n)
        Q, amplitude²/time.
    covariance : complex array (n, n)
        S = E[a a†], amplitude².
    abscissa : float
        α = max Re λ(A), 1/time, negative: the rate of the slowest relaxation is its size.
    delayed : DelayedRest, optional
        Of exact delays.

    Examples
    --------
    >>> import wetcow as wc
    >>> rest = wc.resting(wc.Mode(gamma=-0.5), noise=0.1)
    >>> rest.covariance.real.round(4).tolist(), rest.spectrum([1.0]).round(4).tolist()
    ([[0.01]], [[0.04]])
    """

    matrix: Any
    noise_covariance: Any
    covariance: Any
    abscissa: Any
    delayed: DelayedRest | None = None

    @property
    def size(self) -> int:
        """Number of modes n."""
        return self.covariance.shape[-1]

    @property
    def margin(self) -> Any:
        """Distance from criticality −α, 1/time."""
        return -self.abscissa

    @property
    def power(self) -> Any:
        """E|a_i|² of each mode, (n,), amplitude²."""
        own = jnp if is_traced(self.covariance) else np
        return own.real(own.diagonal(self.covariance))

    @property
    def correlation(self) -> Any:
        """Correlation of the waves Re a, (n, n): Re S_ij/√(S_ii S_jj).

        `wetcow.functional_connectivity` of a run measures it as "correlation".
        """
        return self._normalised(self.covariance).real

    @property
    def power_correlation(self) -> Any:
        """Correlation of the powers |a|², (n, n): |S_ij|²/(S_ii S_jj), by Isserlis' theorem."""
        return _squared(self._normalised(self.covariance))

    @property
    def slowest(self) -> Any:
        """The pattern that relaxes most slowly, complex (n,): the right eigenvector of α.

        Of unit length; its largest entry is real and positive. With exact delays it is that of the
        matrix at the mean frequency.
        """

        def pattern(a):
            found = rightmost(a)[1]
            largest = found[jnp.argmax(jnp.abs(found))]
            return found * jnp.conj(largest) / jnp.abs(largest).astype(found.dtype)

        return in_double(pattern)(self.matrix)

    def lagged_covariance(self, lag: Any) -> Any:
        """E[a(t + τ) a(t)†] = e^{Aτ} S, complex (…, n, n).

        Parameters
        ----------
        lag : float or array (…)
            τ ≥ 0, time.

        Raises
        ------
        ValueError
            For negative lags; or with exact delays: lagged covariances are then the integral of
            ``cross_spectrum`` times e^{iντ}, to be taken at the frequencies that are wanted.
        """
        if self.delayed is not None:
            raise ValueError(
                "lagged covariances of exact delays are not in closed form: use delays='phase', or "
                "integrate cross_spectrum() times exp(i frequency lag)/(2π)"
            )
        if not is_traced(lag):
            lag = validation.array("lag", lag)
            if np.any(lag < 0):
                raise ValueError(
                    f"lags must not be negative, got {lag.min():g}: that of −lag is the conjugate "
                    "transpose"
                )
        return _over(_lagged, (self.matrix, self.covariance), lag)

    def lagged_correlation(self, lag: Any) -> Any:
        """Correlation of Re a_i(t + τ) and Re a_j(t), (…, n, n); see `lagged_covariance`."""
        return self._normalised(self.lagged_covariance(lag)).real

    def cross_spectrum(self, frequency: Any) -> Any:
        """Cross-spectra (iν − A)⁻¹ Q (iν − A)⁻†, complex (…, n, n), amplitude²·time.

        Their integral over ν/(2π) is the covariance.

        Parameters
        ----------
        frequency : float or array (…)
            Angular frequencies ν, radians/time; those of Re a are at ±ν.
        """
        return _over(_cross_spectrum, self._system, _frequencies(frequency))

    def spectrum(self, frequency: Any) -> Any:
        """Power spectra, the diagonals of `cross_spectrum`, real (…, n), amplitude²·time."""
        return _over(_spectrum, self._system, _frequencies(frequency))

    def coherence(self, frequency: Any) -> Any:
        """Squared coherence |S_ij(ν)|²/(S_ii(ν) S_jj(ν)), real (…, n, n)."""
        return _squared(_each_normalised(self.cross_spectrum(frequency)))

    def to_xarray(self) -> xr.Dataset:
        """Covariance, correlations, power and slowest pattern with names, as a Dataset.

        On the dimensions (mode, mode_from), so that `Connectome.label` adds the regions and
        `plot` draws each of them.
        """
        pair = ("mode", "mode_from")
        modes = np.arange(self.size)
        return xr.Dataset(
            {
                "covariance": (pair, self.covariance),
                "correlation": (pair, self.correlation),
                "power_correlation": (pair, self.power_correlation),
                "power": ("mode", self.power),
                "slowest": ("mode", self.slowest),
            },
            coords={"mode": modes, "mode_from": modes},
            attrs={"abscissa": self.abscissa, "margin": self.margin},
        )

    @property
    def _system(self) -> tuple[Any, Any]:
        return (self.matrix if self.delayed is None else self.delayed, self.noise_covariance)

    def _normalised(self, s: Any) -> Any:
        own = jnp if is_traced(s, self.covariance) else np
        scale = own.sqrt(self.power)
        return s / (scale[:, None] * scale).astype(s.dtype)


def _squared(value: Any) -> Any:
    return value.real**2 + value.imag**2


def _each_normalised(s: Any) -> Any:
    own = jnp if is_traced(s) else np
    power = own.real(own.diagonal(s, axis1=-2, axis2=-1))
    return s / own.sqrt(power[..., :, None] * power[..., None, :]).astype(s.dtype)


def _frequencies(frequency: Any) -> Any:
    return frequency if is_traced(frequency) else validation.array("frequency", frequency)


def transfer(system: Any, frequency: Any) -> Any:
    """(iν − A)⁻¹, complex (n, n), of a matrix or with exact delays."""
    z = complex_of(0.0, frequency)
    a = system.matrix(z) if isinstance(system, DelayedRest) else system
    return jnp.linalg.inv(z * jnp.eye(a.shape[-1], dtype=a.dtype) - a)


def _cross_spectrum(system: Any, frequency: Any) -> Any:
    matrix, q = system
    h = transfer(matrix, frequency)
    return product(product(h, q), adjoint(h))


def _spectrum(system: Any, frequency: Any) -> Any:
    matrix, q = system
    h = transfer(matrix, frequency)
    return jnp.sum(product(h, q) * jnp.conj(h), axis=-1).real


def _lagged(system: Any, lag: Any) -> Any:
    a, s = system
    # Of long lags nothing is left; with fewer squarings it would be NaN.
    return jax.scipy.linalg.expm(a * lag.astype(a.dtype), max_squarings=MOST_SQUARINGS) @ s


@eqx.filter_jit
def _block(function: Any, system: Any, values: Any) -> Any:
    return jax.lax.map(lambda value: function(system, value), values)


def _over(function: Any, system: Any, values: Any) -> Any:
    """A function of each value, (…); so many at a time that few shapes are compiled."""
    shape = np.shape(values)
    if is_traced(system, values):
        found = _block(function, system, jnp.ravel(jnp.asarray(values)))
        return found.reshape(*shape, *found.shape[1:])
    flat = np.ravel(values)
    width = 1 if flat.size == 1 else AT_ONCE
    padded = np.concatenate([flat, np.full(-flat.size % width, flat[-1])]).reshape(-1, width)
    run = in_double(lambda system, part: _block(function, system, part))
    found = np.concatenate([run(system, part) for part in padded])[: flat.size]
    return found.reshape(*shape, *found.shape[1:])
