"""The public names of wetcow.fit."""

from . import (
    connectivity_loss as connectivity_loss,
    figure as figure,
    files as files,
    fitting as fitting,
    losses as losses,
    model as model,
    nulls as nulls,
    optimiser as optimiser,
    parameters as parameters,
    refinement as refinement,
    result as result,
    uncertainty as uncertainty,
)
from .connectivity_loss import dynamics_loss as dynamics_loss
from .fitting import fit as fit
from .refinement import Refined as Refined, Refinement as Refinement
from .result import Fitted as Fitted
