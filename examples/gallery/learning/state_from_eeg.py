"""
The state of a network from its EEG
===================================

Twelve modes of different frequencies are uncoupled, nearly synchronized, or synchronized. Four
electrodes record sums of them. From a recording alone, hidden modes that hear series tell the state
of the network, the better the longer it is.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

import wetcow as wc

rng = np.random.default_rng(0)
size, states = 12, {0.0: "uncoupled", 0.25: "nearly in synchrony", 0.8: "in synchrony"}
network = wc.Network(0.5, rng.normal(1.0, 0.1, size), wc.LowRank.uniform(size, 1.0))
runs = wc.sweep(
    network,
    t1=150.0,
    num_samples=601,
    coupling_strength=list(states),
    noise=0.1,
    seed=range(30),
    dt=0.05,
)
electrodes = rng.normal(size=(4, size))
eeg = wc.eeg(runs.isel(time=slice(300, None)), electrodes)

X = eeg.transpose("coupling_strength", "seed", "sensor", "time").values.reshape(90, 4, -1)
X = X + rng.normal(scale=0.7, size=X.shape)  # what else electrodes record
y = np.repeat(list(states.values()), 30)
learned = np.tile(np.arange(30) < 15, 3)

lengths, accuracy = (40, 120, 300), []
for length in lengths:
    memory = wc.WaveClassifier(image_shape=None)
    model = make_pipeline(wc.SeriesFeatures(2000), memory)
    model.fit(X[learned, :, :length], y[learned])
    accuracy.append(model.score(X[~learned, :, :length], y[~learned]))
print("accuracy by number of samples:", dict(zip(lengths, np.round(accuracy, 3), strict=True)))

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for number, (one, name) in enumerate(zip(X[::30], states.values(), strict=True)):
    left.plot(eeg.time, one[0] - 8 * number, linewidth=0.8, label=name)
left.set(xlabel="time", ylabel="first electrode", yticks=[], xlim=(75, 150))
left.legend(loc="upper center", ncols=3, fontsize="small", bbox_to_anchor=(0.5, 1.1))
right.plot(0.25 * np.array(lengths), accuracy, "o-")
right.axhline(1 / 3, color="black", linestyle="dotted", label="by chance")
right.set(xlabel="length of the recording", ylabel="accuracy", ylim=(0, 1.02))
right.legend(loc="lower right")
