"""
Parameters found by gradient
==============================

Everything is differentiable: γ and ω of a mode follow from a noisy recording of its wave.
"""

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax

import wetcow as wc

times = np.linspace(0, 25, 251)
true = wc.integrate(wc.Mode(gamma=1.6, omega=1.1), [0.1 + 0j], times)[:, 0]
recorded = np.real(true) + np.random.default_rng(0).normal(0, 0.05, times.size)


def wave(values):
    """Re a of a mode with these γ and ω."""
    mode = wc.Mode(gamma=values[0], omega=values[1])
    return jnp.real(wc.integrate(mode, [0.1 + 0j], times, rtol=1e-6)[:, 0])


@jax.jit
def step(values, state):
    """One step of Adam down the mean squared error."""
    error, slope = jax.value_and_grad(lambda v: jnp.mean((wave(v) - recorded) ** 2))(values)
    change, state = optimiser.update(slope, state)
    return values + change, state, error


optimiser = optax.adam(0.05)
values = jnp.array([1.2, 1.0])
first, state, errors = wave(values), optimiser.init(values), []
for _ in range(140):
    values, state, error = step(values, state)
    errors.append(float(error))
print(f"γ = {float(values[0]):.3f} (true 1.6), ω = {float(values[1]):.3f} (true 1.1)")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
left.plot(times, recorded, ".", color="0.6", markersize=3, label="recorded")
left.plot(times, first, "--", label="start")
left.plot(times, wave(values), label="found")
left.set(xlabel="time", ylabel="Re a")
left.legend()
right.semilogy(errors)
right.set(xlabel="step", ylabel="mean squared error")
