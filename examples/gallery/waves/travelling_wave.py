"""
A wave that travels, as a memory
================================

Twenty-four modes of different frequencies are to spike alike, each a constant part of a period
after the one before. Couplings are a ridge regression: each mode is made of what the others do at
other times of the period.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc
from wetcow.modes.waveform import one_period

size, target = 24, wc.Mode(gamma=1.5)
lags = np.arange(size) / size
omega = np.random.default_rng(0).uniform(0.7, 1.3, size)

# %%
# Before any couplings are made: how many different wave forms these are, and what is left of each
# when it is made of the others.

modes = wc.Mode(gamma=np.full(size, 1.5))
family = wc.memory.wave_family(modes, ridge=0.01, lags=lags)
print(f"about {family.rank:.1f} wave forms, {family.residual.max():.1%} left")

# %%
# The memory, and its largest exponent along the wave: below zero, it attracts.

net = wc.memorize(target, omega, background=0.5, ridge=0.01, lags=lags)
found = wc.stability(net, near=modes, lags=lags)
print(f"largest exponent {found.largest:.4f}, period {found.period:.2f}")

# %%
# From a start beside the wave it goes on. From random phases the same couplings may bring all modes
# into step: what is constant in the wave forms is the same for all lags, and is held as well.

start = one_period(modes, [0.0], lags + 0.03 * np.random.default_rng(1).normal(size=size)).a[:, 0]
settings = {"num_samples": 4001, "rtol": 1e-6}
runs = {
    "from beside the wave": wc.simulate(net, 20 * found.period, a0=start, **settings),
    "from random phases": wc.simulate(net, 20 * found.period, seed=0, **settings),
}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True, layout="constrained")
for axis, (title, run) in zip(axes, runs.items(), strict=True):
    late = run.sel(time=slice(17 * found.period, None))
    image = axis.pcolormesh(late.time, late.mode, np.abs(late.a).T, cmap="magma", shading="nearest")
    axis.set(xlabel="time", title=title)
axes[0].set_ylabel("mode")
figure.colorbar(image, ax=axes, label="amplitude")
