"""The public names of wetcow.tissue; `dispersion` itself is in the module of that name."""

from . import (
    conductivity as conductivity,
    derivatives as derivatives,
    diffusion as diffusion,
    directions as directions,
    dispersion as dispersion,
    errors as errors,
    field as field,
    grids as grids,
    interpolation as interpolation,
    mri as mri,
    projection as projection,
    rays as rays,
    tensors as tensors,
)
from .conductivity import Conductivity as Conductivity
from .diffusion import conductivity_of_diffusion as conductivity_of_diffusion
from .directions import survival as survival
from .errors import (
    GradientTableError as GradientTableError,
    NonPositiveTensorError as NonPositiveTensorError,
    ShapeMismatchError as ShapeMismatchError,
    TissueError as TissueError,
)
from .field import (
    Absorbing as Absorbing,
    simulate_field as simulate_field,
)
from .mri import (
    conductivity_from_dwi as conductivity_from_dwi,
    load_diffusion as load_diffusion,
    save_maps as save_maps,
)
from .projection import (
    ModeNetwork as ModeNetwork,
    local_rates as local_rates,
    mode_amplitudes as mode_amplitudes,
    network_of_field as network_of_field,
    network_of_tissue as network_of_tissue,
    spatial_mode_amplitudes as spatial_mode_amplitudes,
)
from .rays import trace_rays as trace_rays
