"""Images unlike those that were learned, made for the report.

`corruptions` blurs, shifts, covers and darkens images in steps of strength; `letters` draws letters
where digits were learned.
"""

__all__ = ["corruptions", "letters"]
