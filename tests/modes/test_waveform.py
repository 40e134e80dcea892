"""The motion of a settled mode, beside an independent integrator and the field itself."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from wetcow.modes.mode import Mode
from wetcow.modes.waveform import rest_point, waveform

THETA = np.linspace(-np.pi, np.pi, 256, endpoint=False)


def rates(mode):
    w_a, w_phi, psi, alpha = (float(value) for value in mode.constants)
    linear = complex(mode.gamma, mode.omega)

    def field(t, a):
        grown = w_a * (a * np.exp(-1j * psi)).real - alpha * np.abs(a)
        return a * (linear + grown + 1j * w_phi * a.real)

    return field


# Known answers


@pytest.mark.slow
def test_rest_is_a_node_for_all_constants():
    rng = np.random.default_rng(0)
    seen = 0
    while seen < 15:
        try:
            mode = Mode(1.0, 1.0, *rng.uniform([-2, 0.5, -3, 1], [3, 3, 3, 4]))
        except ValueError:
            continue
        mode = mode.replace(gamma=float(mode.critical_gamma) * rng.uniform(1.01, 3))
        if mode.state == "bistable":
            with pytest.raises(ValueError, match="bistable"):
                rest_point(mode)
            continue
        seen += 1
        a, field = rest_point(mode), rates(mode)
        assert abs(field(0, a)) <= 1e-10 * abs(a) * (1 + abs(a))
        step = 1e-6 * abs(a)
        around = [(field(0, a + h) - field(0, a - h)) / (2 * step) for h in (step, 1j * step)]
        jacobian = np.array([[x.real for x in around], [x.imag for x in around]])
        assert np.linalg.eigvals(jacobian).real.max() < 0


# An independent integrator or library


@pytest.mark.parametrize(
    "mode",
    [
        Mode(gamma=0.1),
        Mode(gamma=1.2, omega=3.0),
        Mode(gamma=1.95),
        Mode(gamma=1.999),
        Mode(gamma=0.7, w_a=1.0, w_phi=1.5, psi=0.3, alpha=2.0),
    ],
)
def test_waveform_is_what_an_integrator_finds(mode):
    a, pace = waveform(mode, THETA)
    time = np.concatenate([[0], np.cumsum(pace + np.roll(pace, -1)) / 2 * (THETA[1] - THETA[0])])
    np.testing.assert_allclose(pace.mean() * mode.spiking_frequency(), 1, rtol=1e-8)
    # The times are of the second order; where a mode is after a whole turn needs none.
    period = 2 * np.pi * pace.mean()
    found = solve_ivp(rates(mode), (0, period), a[:1], "DOP853", time[::16], rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(found.y[0, -1], a[0], rtol=1e-5)
    np.testing.assert_allclose(found.y[0, :-1], a[::16], rtol=0.02)
    # Spectral derivative over θ: da/dθ = field · dt/dθ.
    slope = np.fft.ifft(1j * np.fft.fftfreq(256, 1 / 256) * np.fft.fft(a))
    np.testing.assert_allclose(slope, rates(mode)(0, a) * pace, atol=2e-5 * np.abs(slope).max())


# Errors


@pytest.mark.parametrize("gamma", [0.0, -0.5])
def test_modes_that_are_not_excited_have_no_waveform_but_rest_at_zero(gamma):
    with pytest.raises(ValueError, match="does not spike"):
        waveform(Mode(gamma=gamma), THETA)
    assert rest_point(Mode(gamma=gamma)) == 0


def test_below_criticality_modes_do_not_rest():
    with pytest.raises(ValueError, match="does not rest"):
        rest_point(Mode(gamma=1.9))
