"""
Sensory response: a stimulus starts a memory
============================================

A sense that excites a mode, γ → γ₀ + γ, makes it spike at the rate of [21-23] for as long as it
lasts. A memory keeps what it was: its couplings satisfy [26-30], so that ten modes go on to spike
at that rate when the stimulus is over.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc
from wetcow.plotting.style import GREY, RED, colors, finish

START, LENGTH, END = 20.0, 60.0, 200.0
BACKGROUND = -0.1  # each mode by itself is damped
target = wc.Mode(gamma=1.9)

# %%
# The sense excites mode 0 up to the target's excitation, and kicks it out of its rest. The modes of
# the memory have frequencies from 0.5 to 1.5; nothing else reaches the other nine:

omega = np.linspace(0.5, 1.5, 10)
omega[0] = 1.0
memory = wc.memorize(target, omega, background=BACKGROUND, max_weight=0.5)
first = np.arange(10) == 0
stimulus = wc.pulse(START, LENGTH, gamma=(1.9 - BACKGROUND) * first, additive=0.02 * first)
settings = {"t1": END, "num_samples": 3001, "a0": 0.0, "drive": stimulus}
remembered = wc.simulate(memory, **settings)
forgotten = wc.simulate(memory.modes, **settings)  # the same modes without couplings

figure, axes = plt.subplots(3, 1, figsize=(9, 5.6), layout="constrained", sharex=True)
axes[0].fill_between(stimulus.times, stimulus.gamma[:, 0], color=GREY, lw=0)
axes[0].set(ylabel="γ₀ on mode 0", title="stimulus")
for axis, run, title in (
    (axes[1], forgotten, "modes without couplings"),
    (axes[2], remembered, "modes of a memory"),
):
    for mode, color in enumerate(colors(10)):
        axis.plot(run.time, abs(run.a[:, mode]), color=RED if mode == 0 else color, lw=0.9)
    axis.axvspan(START, START + LENGTH, color=GREY, alpha=0.15, lw=0)
    axis.set(ylabel="amplitude", title=title)
axes[2].set_xlabel("time (1/ω); red: mode 0, others by ω from low (dark) to high (light)")
finish(axes)

# %%
# Before the stimulus nothing moves. While it lasts a mode by itself spikes; in the memory the
# others excite it further, beyond criticality, and all wait at a raised amplitude. After it
# uncoupled modes fall silent, and those of the memory all have the rate of the target:

rates = wc.spiking_frequency(remembered, after=100.0).values
print(f"largest amplitude before: {abs(remembered.a.sel(time=slice(0, START))).max().item():.1g}")
print(f"uncoupled, at the end: {abs(forgotten.a[-1]).max().item():.1g}")
print(f"rates of the memory {rates.min():.4f} to {rates.max():.4f}, ", end="")
print(f"target {float(target.spiking_frequency()):.4f}")

# %%
# Any of the modes may be the one that is excited, strongly or weakly, because the state at rest is
# not a stable one: a memory waits for whatever comes. How often it is replayed after kicks without
# excitation, of six strengths, each to one of the ten modes:

kicks = {
    f"{height:g}, mode {mode}": wc.pulse(START, 5.0, additive=height * (np.arange(10) == mode))
    for height in (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)
    for mode in range(10)
}
runs = wc.sweep(
    memory,
    t1=END,
    num_samples=751,
    a0=0.0,
    drive=kicks,
    record=False,
    reduce={
        "rate": wc.synchrony.Frequency(after=80.0),
        "order": wc.synchrony.MeanOrder(after=80.0),
    },
)
close = abs(runs["rate"] / float(target.spiking_frequency()) - 1).max("mode") < 0.02
replayed = (close & (runs["order"] > 0.99)).sum().item()
print(f"replayed after {replayed} of {len(kicks)} stimuli")
