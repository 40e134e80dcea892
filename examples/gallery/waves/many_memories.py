"""
Many memories: a cue, and a switch by a passing input
=====================================================

Four memories over overlapping subsets of twelve modes, each of a rate of its own, in one network.
A third of the members of the first starts it and the others join. Then an input selects the next
one: modes that are not its members are kept at rest.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc
from wetcow.memory import exponents, selecting

rng = np.random.default_rng(3)
subsets = [np.sort(rng.choice(12, 6, replace=False)) for _ in range(4)]
targets = [wc.Mode(gamma=gamma) for gamma in (1.0, 1.2, 1.4, 1.6)]
net = wc.memorize(targets, np.linspace(0.6, 1.4, 12), 0.5, subsets=subsets)

# %%
# All of them attract, each by its members alone:

print("largest exponents:", np.round(exponents(net, subsets), 2))

# %%
# Each is selected for 80 time units. At first only two modes run; what goes on at a switch are the
# modes that both memories share.

times = 80.0 * np.arange(5)
a0 = np.full(12, 1e-3, complex)
a0[subsets[0][:2]] = 0.5
drive = selecting(12, subsets, times, depth=100.0)
run = wc.simulate(net, times[-1], num_samples=3201, a0=a0, drive=drive)

figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
image = axis.pcolormesh(run.time, run.mode, np.abs(run.a).T, cmap="magma", shading="nearest")
for start, members in zip(times, subsets, strict=False):
    axis.axvline(start, color="white", lw=1)
    axis.plot(np.full(len(members), start + 3), members, "w>", ms=4)
axis.set(xlabel="time", ylabel="mode", title="members of the selected memory are marked")
figure.colorbar(image, label="amplitude")

# %%
# The rates of members while they are selected, beside those that were stored:

for target, members, start in zip(targets, subsets, times, strict=False):
    late = run.sel(time=slice(start + 30, start + 80)).isel(mode=members)
    rates = np.asarray(wc.spiking_frequency(late))
    print(f"stored {target.spiking_frequency():.3f}   found {rates.min():.3f} to {rates.max():.3f}")
