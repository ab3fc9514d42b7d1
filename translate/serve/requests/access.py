"""Access to the server: by address, by origin of the page, and by token.

Without a token the server is for programs and pages of this machine. A page of another site cannot
use it: its requests have another ``Origin``; and a name that somebody points at this machine (DNS
rebinding) is another ``Host``.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from secrets import compare_digest, token_urlsafe
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from translate.errors import ConfigError
from translate.serve.requests.limits import RequestError

OPEN = frozenset({"/", "/page.css", "/page.js", "/docs", "/docs.js", "/health"})
"""paths that need no token: they tell nothing of the models"""
MIN_TOKEN = 16
"""characters"""
LOCAL = ("127.0.0.1", "::1", "localhost")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""headers of every response: nothing is loaded from elsewhere, framed or kept"""


@dataclass(frozen=True)
class Access:
    """The rules for requests to one address."""

    hosts: frozenset[str]
    """names in ``Host`` that are ours"""
    any_address: bool = False
    """whether ``Host`` may be any IP address: the server listens on all of this machine's"""
    token: str | None = None

    def check(self, path: str, headers: Headers) -> None:
        """Raise the `RequestError` of a request that is not allowed."""
        host = headers.getlist("host")
        if len(host) != 1 or not self._is_ours(host[0]):
            raise RequestError(403, "Host: this is not the name of this server.")
        origins = headers.getlist("origin")
        if any(origin not in (f"http://{host[0]}", f"https://{host[0]}") for origin in origins):
            raise RequestError(403, "Origin: pages of other sites may not use this server.")
        site = headers.get("sec-fetch-site", "none")
        if path != "/" and site not in ("none", "same-origin"):
            raise RequestError(403, "Sec-Fetch-Site: pages of other sites may not use this server.")
        if self.token and path not in OPEN:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            same = compare_digest(given.strip().encode(), self.token.encode())
            if scheme.lower() != "bearer" or not same:
                text = "the token is missing or wrong: send the header Authorization: Bearer TOKEN."
                raise RequestError(401, text)

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self.hosts or (self.any_address and _is_address(name))


def access_to(host: str, token: str | None) -> Access:
    """Return the rules for a server that listens on `host`.

    Raises:
        ConfigError: Other machines could reach it, and it has no token.
    """
    if host in LOCAL or (_is_address(host) and ip_address(host).is_loopback):
        return Access(frozenset({*LOCAL, host}), token=token)
    if not token:
        raise ConfigError(
            f"--host {host}: other machines could use the models; expected a token. Add --token, "
            "which generates one, or --token-file FILE."
        )
    everywhere = _is_address(host) and ip_address(host).is_unspecified
    names: Iterable[str] = (*LOCAL, socket.gethostname().lower()) if everywhere else (host.lower(),)
    return Access(frozenset(names), everywhere, token)


def choose_token(generate: bool, file: Path | None) -> str | None:
    """Return a new token, or the one in a file; None without either option.

    Raises `ConfigError` for a file that cannot be read or holds no token.
    """
    if file is None:
        return token_urlsafe(32) if generate else None
    try:
        token = file.read_bytes().decode("ascii", "replace").strip()
    except OSError as error:
        raise ConfigError(f"--token-file {file}: {error.strerror}. Expected a file.") from error
    if len(token) < MIN_TOKEN or not token.isascii() or len(token.split()) != 1:
        raise ConfigError(
            f"--token-file {file}: expected one line of at least {MIN_TOKEN} ASCII characters "
            f"without spaces. To make one: openssl rand -hex 32 > {file}"
        )
    return token


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
