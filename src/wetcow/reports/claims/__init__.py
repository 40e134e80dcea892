"""Claims of the paper beyond its figures, each with peers in the same run.

Each section is a module with `run`, which computes evidence, and `draw`, which draws it from its
tables alone; verdicts follow from numbers by rule, in `judge`. Other modules here are what sections
share: `tasks` (images in turn), `few_images`, `long_training`, and `borders` (slopes where modes
begin and end).
"""

__all__ = ["SECTIONS"]

SECTIONS = {
    "accuracy": "wetcow.reports.claims.accuracy",
    "synchronization": "wetcow.reports.claims.synchronization",
    "robust_memories": "wetcow.reports.claims.robust_memories",
    "forgetting": "wetcow.reports.claims.forgetting",
    "little_data": "wetcow.reports.claims.little_data",
    "real_time": "wetcow.reports.claims.real_time",
    "stability": "wetcow.reports.claims.stability",
    "energy": "wetcow.reports.claims.energy",
    "uncertainty": "wetcow.reports.claims.uncertainty",
    "corruptions": "wetcow.reports.claims.corruptions",
}
"""Modules of the sections by name, in the order of the report."""
