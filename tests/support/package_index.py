"""A server that takes uploads of packages, as PyPI does."""

import email.policy
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple


class Upload(NamedTuple):
    """An uploaded file, and the fields of its form."""

    file: str
    fields: dict[str, str]


class PackageIndex(ThreadingHTTPServer):
    """Accepts uploads with a password and the right hash, and records them."""

    uploads: list[Upload]

    @property
    def address(self) -> str:
        """The address for uploads."""
        return f"http://127.0.0.1:{self.server_address[1]}/legacy/"


class Handler(BaseHTTPRequestHandler):
    server: PackageIndex

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        fields, file, content = dict[str, str](), "", b""
        for part in form.iter_parts():
            name = part.get_param("name", header="content-disposition")
            data = part.get_payload(decode=True)
            if name == "content":
                file, content = str(part.get_filename()), bytes(data)
            else:
                fields[str(name)] = bytes(data).decode()
        digest = hashlib.sha256(content).hexdigest()
        valid = fields[":action"] == "file_upload" and fields["sha256_digest"] == digest
        if valid:
            self.server.uploads.append(Upload(file, fields))
        self.send_response((200 if valid else 400) if "Authorization" in self.headers else 403)
        self.end_headers()


@contextmanager
def running_package_index() -> Iterator[PackageIndex]:
    """Run the server on a free port of this machine."""
    server = PackageIndex(("127.0.0.1", 0), Handler)
    server.uploads = []
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
