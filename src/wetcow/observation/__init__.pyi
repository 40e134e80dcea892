"""The public names of wetcow.observation."""

from .at_rest import resting_bold as resting_bold
from .balloon import Balloon as Balloon, balloon as balloon
from .bold import bold as bold
from .export import to_mne as to_mne, to_nifti as to_nifti
from .filters import (
    analytic_signal as analytic_signal,
    band_pass as band_pass,
    regress_global as regress_global,
    resample as resample,
)
from .lead_fields import lead_field as lead_field
from .sensors import eeg as eeg
from .volumes import Bold as Bold
