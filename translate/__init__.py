"""Translate images between domains, with methods that plugins bring."""

from translate.hookspecs import hookimpl

__all__ = ["hookimpl"]
__version__ = "0.1.0"
