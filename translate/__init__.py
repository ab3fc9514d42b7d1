"""Translate images between domains, with methods that plugins bring."""

import logging

from translate.hookspecs import hookimpl

__all__ = ["hookimpl"]
__version__ = "0.1.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())  # as a library: silent by default
