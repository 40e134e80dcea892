"""The modules of `wetcow.reports.metrics`, once."""

from . import (
    confidence as confidence,
    energy as energy,
    operations as operations,
    peer_operations as peer_operations,
    uncertainty as uncertainty,
)
