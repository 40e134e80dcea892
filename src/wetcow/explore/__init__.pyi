"""The public names of `wetcow.explore`, once."""

from . import (
    app as app,
    model as model,
    pages as pages,
    parts as parts,
    views as views,
)
from .views.brain import look_at_brain as look_at_brain
from .views.memory import look_at_memory as look_at_memory
from .views.mode import look_at_mode as look_at_mode
from .views.network import look_at_network as look_at_network
from .views.tissue import look_at_tissue as look_at_tissue
