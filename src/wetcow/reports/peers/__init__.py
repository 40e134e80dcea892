"""What our classifier is compared with.

`line_up` has the settings that sections share. `perceptron` is scikit-learn's; `penalised` is the
same in JAX, for `continual`, whose losses and steps scikit-learn has not. `layers` and `spiking`
are networks for plain descent. `convolutional` and `torch_training` need PyTorch.
"""

__all__ = ["continual", "layers", "line_up", "penalised", "perceptron", "spiking"]
