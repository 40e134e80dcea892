"""What our classifier is compared with.

`line_up` has the settings that sections share. `perceptron` is scikit-learn's; `penalised` is the
same in JAX, for `continual`, whose losses and steps scikit-learn has not. `layers` and `spiking`
are networks that `descent` trains plainly. `convolutional` and `torch_training` need PyTorch.
"""

__all__ = ["continual", "descent", "layers", "line_up", "penalised", "perceptron", "spiking"]
