"""The public names of wetcow.simulation."""

from . import (
    batch as batch,
    chunks as chunks,
    cluster as cluster,
    course as course,
    devices as devices,
    drive as drive,
    driven as driven,
    files as files,
    integrate as integrate,
    laid_out as laid_out,
    plan as plan,
    reduce as reduce,
    run as run,
    seeds as seeds,
    simulate as simulate,
    steps as steps,
    sweep as sweep,
    varied as varied,
)
from .drive import Drive as Drive, pulse as pulse
from .files.results import load_run as load_run, save_run as save_run
from .reduce import Reducer as Reducer
from .simulate import SimulationError as SimulationError
