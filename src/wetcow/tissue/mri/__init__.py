"""From diffusion MRI (NIfTI, b-values, b-vectors) to conductivity, and maps of waves back to NIfTI.

Needs the extra `mri`: images are read by nibabel, tensors are fitted by dipy. Positions and tensors
are in the frame of the image's array: its axes, in metres from the first voxel. `save_maps` turns
them to world axes.
"""

from wetcow.tissue.mri.fit import conductivity_from_dwi, fit_diffusion
from wetcow.tissue.mri.gradients import UNWEIGHTED, check_gradients
from wetcow.tissue.mri.load import DiffusionData, check_right_angles, load_diffusion
from wetcow.tissue.mri.maps import save_maps, save_nifti

__all__ = [
    "UNWEIGHTED",
    "DiffusionData",
    "check_gradients",
    "check_right_angles",
    "conductivity_from_dwi",
    "fit_diffusion",
    "load_diffusion",
    "save_maps",
    "save_nifti",
]
