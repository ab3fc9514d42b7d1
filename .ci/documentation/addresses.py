"""Addresses of one page from another."""

import posixpath


def relative(target: str, page: str) -> str:
    """Return the address of the file `target` on the page `page`, both from the root."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def resolve(address: str, page: str) -> str:
    """Return the file that `address` on the page `page` leads to, from the root."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
