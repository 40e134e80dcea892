"""The modules of `wetcow.reports`, once."""

from . import (
    cache as cache,
    claims as claims,
    demo as demo,
    evidence as evidence,
    experiments as experiments,
    figures as figures,
    images as images,
    metrics as metrics,
    page as page,
    paper as paper,
    peers as peers,
    replay as replay,
    reproduce as reproduce,
)
