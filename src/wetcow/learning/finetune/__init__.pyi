"""The public names of wetcow.learning.finetune."""

from . import (
    checkpoint as checkpoint,
    linear as linear,
    refine as refine,
    steps as steps,
    trainable as trainable,
    training as training,
)
from .checkpoint import (
    Checkpoint as Checkpoint,
    CheckpointError as CheckpointError,
)
from .training import (
    EvaluationPoint as EvaluationPoint,
    Trainer as Trainer,
    train as train,
)
