"""What scanners and electrodes see of waves: BOLD, EEG and MEG, filters, files of other packages.

Blood follows activity by the Balloon–Windkessel model (`balloon`): of recorded runs (`bold`), while
they run (`volumes`), and of noise at rest in closed form (`at_rest`). Sensors see waves by lead
fields (`lead_fields`, `sensors`); `filters` and `export` work on both.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
