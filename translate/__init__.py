"""Translate images between domains by methods that are plugins."""

import logging

from translate.hookspecs import hookimpl

__all__ = ["hookimpl"]
__version__ = "0.1.0"

logging.getLogger(__name__).addHandler(
    logging.NullHandler()
)  # silent by default when used as a library
