"""The version of the package; results carry it."""

__version__ = "0.1.0"
