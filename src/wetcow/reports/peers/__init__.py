"""What our classifier is compared with.

`line_up` has the settings that sections share. `perceptron` is scikit-learn's; `penalised` is the
same in JAX, for `continual`, whose losses and steps scikit-learn has not. `layers` and `spiking`
are networks that `descent` trains plainly. `convolutional` and `torch_training` need PyTorch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
