"""The public names of wetcow.learning.settings."""

from . import (
    checks as checks,
    presets as presets,
    view as view,
)
