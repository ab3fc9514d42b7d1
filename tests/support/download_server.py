"""A server of one file, which can interrupt downloads."""

import hashlib
import io
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image


class DownloadServer(ThreadingHTTPServer):
    """Serves one file, with ranges; the next `cuts` downloads end after half of the bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.cuts, self.status, self.ranges = content, 0, 200, True
        self.requests: list[tuple[str, int]] = []
        """the range of each request, and the status of the response"""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/pets.zip"


class Handler(BaseHTTPRequestHandler):
    """Answers a request with the server's file, from the position that the client asks for."""

    server: DownloadServer

    def do_GET(self) -> None:
        server, requested_range = self.server, self.headers.get("Range", "")
        tag = f'"{hashlib.sha256(server.content).hexdigest()[:8]}"'
        start = 0
        if requested_range and server.ranges and self.headers.get("If-Range") == tag:
            start = int(requested_range.removeprefix("bytes=").rstrip("-"))
        status = server.status if server.status != 200 else 206 if start else 200
        server.requests.append((requested_range, status))
        self.send_response(status)
        body = server.content[start:] if status in (200, 206) else b"no"
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", tag)
        self.end_headers()
        if server.cuts:
            server.cuts -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def png_bytes(shade: int) -> bytes:
    """Return a PNG of 8x8 pixels of one shade of red."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


PETS = {f"cat/train/{n}.png": png_bytes(n) for n in range(3)} | {
    f"dog/test/deep/{n}.png": png_bytes(100 + n) for n in range(3)
}
"""the files of a data set of two domains"""
