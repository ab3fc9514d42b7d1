"""Rules that decide which requests are allowed: by address, by origin of the page, and by token.

Without a token, only programs and pages of this machine may use the server. A request from a page
of another site is rejected by its ``Origin``. A request to a foreign domain that resolves to this
machine (DNS rebinding) is rejected by its ``Host``.
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

PUBLIC_PATHS = frozenset({"/", "/page.css", "/page.js", "/docs", "/docs.js", "/health"})
"""paths that need no token, because their content does not depend on the models"""
MIN_TOKEN_LENGTH = 16
"""minimum length of a token in characters"""
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
SECURITY_HEADERS = {
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
"""headers of every response: they forbid browsers to load from other sites, frame or cache it"""


@dataclass(frozen=True)
class Access:
    """The rules that decide which requests are allowed."""

    hosts: frozenset[str]
    """host names in the header ``Host`` that are accepted"""
    any_address: bool = False
    """whether ``Host`` may be any IP address, because the server listens on all addresses"""
    token: str | None = None
    """token that requests must send; None: no token is required"""

    def check(self, path: str, headers: Headers) -> None:
        """Raise `RequestError` if a request is not allowed."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._accepts_host(hosts[0]):
            raise RequestError(403, "Host: this is not a name of this server.")
        origins = headers.getlist("origin")
        if any(origin not in (f"http://{hosts[0]}", f"https://{hosts[0]}") for origin in origins):
            raise RequestError(403, "Origin: pages of other sites may not use this server.")
        fetch_site = headers.get("sec-fetch-site", "none")
        if path != "/" and fetch_site not in ("none", "same-origin"):
            raise RequestError(403, "Sec-Fetch-Site: pages of other sites may not use this server.")
        if self.token and path not in PUBLIC_PATHS:
            scheme, _, token = headers.get("authorization", "").partition(" ")
            is_equal = compare_digest(token.strip().encode(), self.token.encode())
            if scheme.lower() != "bearer" or not is_equal:
                text = "the token is missing or wrong: send the header Authorization: Bearer TOKEN."
                raise RequestError(401, text)

    def _accepts_host(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self.hosts or (self.any_address and _is_address(name))


def create_access(host: str, token: str | None) -> Access:
    """Return the rules for a server that listens on `host`.

    Raises:
        ConfigError: `host` can be reached by other machines, and there is no token.
    """
    if host in LOCAL_HOSTS or (_is_address(host) and ip_address(host).is_loopback):
        return Access(frozenset({*LOCAL_HOSTS, host}), token=token)
    if not token:
        raise ConfigError(
            f"--host {host}: other machines can reach this address, so a token is required. Add "
            "--token, which generates one, or --token-file FILE."
        )
    on_all_addresses = _is_address(host) and ip_address(host).is_unspecified
    names: Iterable[str] = (
        (*LOCAL_HOSTS, socket.gethostname().lower()) if on_all_addresses else (host.lower(),)
    )
    return Access(frozenset(names), any_address=on_all_addresses, token=token)


def choose_token(*, generate: bool, file: Path | None) -> str | None:
    """Return a new token if `generate` is set, or the token in `file`; None without both.

    Raises `ConfigError` for a file that cannot be read or has no token.
    """
    if file is None:
        return token_urlsafe(32) if generate else None
    try:
        token = file.read_bytes().decode("ascii", "replace").strip()
    except OSError as error:
        raise ConfigError(f"--token-file {file}: {error.strerror}. Expected a file.") from error
    if len(token) < MIN_TOKEN_LENGTH or not token.isascii() or len(token.split()) != 1:
        raise ConfigError(
            f"--token-file {file}: expected one line of at least {MIN_TOKEN_LENGTH} ASCII "
            f"characters without spaces. To make one: openssl rand -hex 32 > {file}"
        )
    return token


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
