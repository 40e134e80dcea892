"""
Figure 4: images to learn
=========================

The paper learns MNIST and Fashion-MNIST, "moved and rescaled to the common reference system" and
"downsampled to 7x7". Here are the digits that come with scikit-learn, as they are (top), in the
common frame (middle), and in that of 7x7 pixels (bottom); ``wetcow.datasets.load("mnist")`` gives
the others.
"""

import matplotlib.pyplot as plt

import wetcow as wc
from wetcow.images.frame import HANDWRITING, SEVEN, align

images, labels = wc.datasets.load("digits", split="test")
chosen = images[[int((labels == digit).argmax()) for digit in range(10)]]
rows = (chosen, align(chosen, HANDWRITING), align(chosen, SEVEN))
figure, axes = plt.subplots(3, 10, figsize=(9, 2.9), layout="constrained")
for row, pictures in zip(axes, rows, strict=True):
    for axis, picture in zip(row, pictures, strict=True):
        axis.imshow(picture, cmap="gray_r")
        axis.set_axis_off()
