"""Relative addresses of pages."""

import posixpath


def relative(target: str, page: str) -> str:
    """Return the address that leads from `page` to the file `target`, both paths from the root."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def resolve(address: str, page: str) -> str:
    """Return the path from the root of the file that `address` on `page` leads to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
