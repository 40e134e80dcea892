"""The modules of `wetcow.reports.images`, once."""

from . import (
    corruptions as corruptions,
    data as data,
    deformation as deformation,
    letters as letters,
)
