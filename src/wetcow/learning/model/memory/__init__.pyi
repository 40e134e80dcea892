"""The public names of wetcow.learning.model.memory."""

from . import (
    checkpoint as checkpoint,
    direct as direct,
    landmarks as landmarks,
    memorize as memorize,
    operators as operators,
    projection as projection,
    recall as recall,
    solver as solver,
    stored as stored,
)
from .memorize import memorize_examples as memorize_examples
from .projection import (
    Projection as Projection,
    fit_projection as fit_projection,
)
from .stored import (
    Kernel as Kernel,
    Memory as Memory,
)
