"""Configuration files of ``wetcow simulate``: TOML, checked, made into a system and its settings.

Random parameters are drawn from one seed, each from a stream of its own, so that drawing one more
parameter leaves the others as they were.
"""

from wetcow.config.file import Config, load_config

__all__ = ["Config", "load_config"]
