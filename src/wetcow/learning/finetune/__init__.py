"""Training by gradient, from the construction on.

`trainable` has what is trained and its units, `steps` the compiled steps, `training` the trainer
that goes through them and how many there is time for, `checkpoint` its state in a file, and
`refine` the whole: train hidden modes, and keep them if they do better on samples not learned.
"""

import pkgutil

import lazy_loader

_MODULES = [module.name for module in pkgutil.iter_modules(__path__)]
_NAMES = {
    "checkpoint": ["Checkpoint", "CheckpointError"],
    "training": ["EvaluationPoint", "Trainer", "train"],
}
__getattr__, __dir__, _ = lazy_loader.attach(__name__, submodules=_MODULES, submod_attrs=_NAMES)
__all__ = ["Checkpoint", "CheckpointError", "EvaluationPoint", "Trainer", "train"]
