"""The public names of wetcow.learning.views."""

from . import (
    construction as construction,
    decide as decide,
)
