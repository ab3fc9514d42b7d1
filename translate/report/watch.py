"""Serve a report on this machine while its runs are trained."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from translate.errors import ConfigError, TranslateError
from translate.evaluate import result
from translate.report.page import render
from translate.report.run_data import read_runs

HOST = "127.0.0.1"
EVALUATION_FILES = (result.FILE, result.thumbnail_folder(Path(result.FILE)).name)
WATCHED_FILES = (
    *("log.jsonl", "previews", "problems.jsonl", "run.json", "config.yaml"),
    *EVALUATION_FILES,
)
"""files and folders in a run that a report shows, and that may change"""
IDLE_SECONDS = 30
"""time after which a connection without a request is closed, in seconds"""

logger = logging.getLogger(__name__)


class LivePage:
    """The report of runs, which is rendered again when the runs have changed."""

    def __init__(self, runs: Sequence[Path]) -> None:
        self.runs = runs
        self.lock = threading.Lock()
        self.rendered_version, self.rendered_page = "", b""

    def version(self) -> str:
        """Return a text that changes when a file of the runs changes."""
        digest = sha256()
        for run in self.runs:
            for name in WATCHED_FILES:
                try:
                    status = (run / name).stat()
                except OSError:
                    continue  # a file that is not there yet
                digest.update(f"{run / name} {status.st_mtime_ns} {status.st_size}".encode())
        return digest.hexdigest()

    def page(self) -> bytes:
        """Return the page of the runs as they are now."""
        with self.lock:
            version = self.version()
            if self.rendered_version != version:
                self.rendered_page = render(read_runs(self.runs), version=version)
                self.rendered_version = version
            return self.rendered_page


class Handler(BaseHTTPRequestHandler):
    """Answers requests for the page and its version: if that changes, the page reloads."""

    server: "PageServer"
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer a request; refuse other host names than `HOST` and localhost."""
        port = self.server.server_address[1]
        if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
            self._answer(403, "text/plain", b"Use the address that the command printed.\n")
        elif self.path == "/version":
            self._answer(200, "text/plain", self.server.live_page.version().encode())
        elif self.path == "/":
            try:
                self._answer(200, "text/html", self.server.live_page.page())
            except TranslateError as error:  # a run was deleted
                self._answer(500, "text/plain", f"{error}\n".encode())
        else:
            self._answer(404, "text/plain", b"There is only one page: /\n")

    def _answer(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - named by the base class
        """Log nothing: a page asks for the version every few seconds."""


class PageServer(ThreadingHTTPServer):
    """The server of one page."""

    daemon_threads = True

    def __init__(self, port: int, live_page: LivePage) -> None:
        self.live_page = live_page
        super().__init__((HOST, port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log the error in one line, such as a connection that the browser closed."""
        logger.debug("a request of %s failed", client_address, exc_info=True)


@contextmanager
def serve_reports(runs: Sequence[Path], port: int) -> Iterator[str]:
    """Serve the report of runs while the block runs; yield its address.

    Raises:
        CheckpointError: A path is no run folder.
        ConfigError: The port cannot be used.
    """
    live_page = LivePage(runs)
    live_page.page()  # raises before the server starts
    try:
        server = PageServer(port, live_page)
    except OSError as error:
        raise ConfigError(
            f"--port {port}: cannot be used on {HOST} ({error.strerror}). Choose another, or 0 for "
            "a free one."
        ) from error
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()
