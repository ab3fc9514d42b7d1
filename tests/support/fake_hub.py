"""A server with the part of the Hugging Face Hub's protocol that the client uses.

Repositories are in memory; requests are refused, and downloads truncated or corrupted on demand.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

TOKEN = "hf_test"
LARGE = 10_000
"""size in bytes above which a file is uploaded separately, as with Git LFS"""


@dataclass
class Repository:
    """The files of each commit, and the branches."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    private: bool = False

    def commit(self, branch: str, files: dict[str, bytes]) -> str:
        text = json.dumps([branch, len(self.commits), sorted(files)])
        oid = sha1(text.encode()).hexdigest()
        self.commits[oid], self.branches[branch] = files, oid
        return oid

    def oid(self, revision: str) -> str | None:
        return self.branches.get(revision) or (revision if revision in self.commits else None)


@dataclass
class FakeHub:
    """The state of the server, and its faults."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuse: int = 0
    """HTTP status of all responses; 0: requests are served"""
    gated: bool = False
    fault: str = ""
    """``cut`` or ``corrupt`` downloads of weights; empty: none"""
    address: str = ""


class Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_HEAD(self) -> None:
        self.answer()

    do_GET = do_POST = do_PUT = do_HEAD  # noqa: N815

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.requests.append(f"{self.command} {path}")
        parts = path.split("/")
        if self.hub.refuse:
            code = {403: "Forbidden", 404: "RepoNotFound"}.get(self.hub.refuse, "")
            return self.reply({"error": "no"}, self.hub.refuse, {"X-Error-Code": code})
        if path == "api/repos/create":
            return self.create(json.loads(body))
        if parts[0] == "objects":
            self.hub.objects[parts[1]] = body
            return self.reply({})
        if path == "api/validate-yaml":
            return self.reply({"errors": [], "warnings": []})
        if path.endswith(".git/info/lfs/objects/batch"):
            return self.batch(json.loads(body))
        name = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
        repository = self.hub.repositories.get(name)
        if repository is None or (repository.private and not self.is_authorized()):
            return self.reply({"error": "no"}, 401, {"X-Error-Code": "RepoNotFound"})
        if self.hub.gated and not self.is_authorized():
            return self.reply({"error": "no"}, 403, {"X-Error-Code": "GatedRepo"})
        if parts[0] == "api":
            return self.api(repository, name, parts[4:], body)
        return self.resolve(repository, parts[3], "/".join(parts[4:]))

    def is_authorized(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def create(self, request: dict[str, Any]) -> None:
        if not self.is_authorized():
            return self.reply({"error": "no"}, 401)
        name = f"{request.get('organization')}/{request['name']}"
        if name in self.hub.repositories:
            return self.reply({"url": f"{self.hub.address}/{name}"}, 409)
        private = request.get("private") or request.get("visibility") == "private"
        self.hub.repositories[name] = Repository(private=bool(private))
        self.hub.repositories[name].commit("main", {})
        return self.reply({"url": f"{self.hub.address}/{name}", "id": name, "name": name})

    def batch(self, request: dict[str, Any]) -> None:
        objects = [
            {**each, "actions": {"upload": {"href": f"{self.hub.address}/objects/{each['oid']}"}}}
            for each in request["objects"]
        ]
        self.reply({"objects": objects, "transfer": "basic"})

    def api(self, repository: Repository, name: str, rest: list[str], body: bytes) -> None:
        match rest:
            case ["preupload", _]:
                files = [
                    {"path": f["path"], "uploadMode": "lfs" if f["size"] > LARGE else "regular",
                     "shouldIgnore": False, "oid": None}
                    for f in json.loads(body)["files"]
                ]  # fmt: skip
                return self.reply({"files": files})
            case ["branch", branch]:
                repository.branches.setdefault(branch, repository.branches["main"])
                return self.reply({})
            case ["commit", branch]:
                return self.commit(repository, name, branch, body)
            case ["tree", revision, *_]:
                return self.tree(repository, revision)
        oid = repository.oid(rest[1] if rest else "main")
        if oid is None:
            return self.reply({"error": "no"}, 404, {"X-Error-Code": "RevisionNotFound"})
        siblings = [{"rfilename": path} for path in repository.commits[oid]]
        return self.reply({"id": name, "sha": oid, "siblings": siblings, "private": False})

    def commit(self, repository: Repository, name: str, branch: str, body: bytes) -> None:
        files = dict(repository.commits[repository.branches[branch]])
        for line in filter(None, body.splitlines()):
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.hub.objects[value["oid"]]
            elif entry["key"] == "deletedFile":
                del files[value["path"]]
        oid = repository.commit(branch, files)
        url = f"{self.hub.address}/{name}/commit/{oid}"
        self.reply({"commitUrl": url, "commitOid": oid, "success": True, "hookOutput": ""})

    def tree(self, repository: Repository, revision: str) -> None:
        oid = repository.oid(revision)
        if oid is None:
            return self.reply({"error": "no"}, 404, {"X-Error-Code": "RevisionNotFound"})
        entries = []
        for path, data in repository.commits[oid].items():
            entry = {"type": "file", "path": path, "size": len(data), "oid": git_oid(data)}
            if len(data) > LARGE:
                digest = sha256(data).hexdigest()
                entry["lfs"] = {"oid": digest, "size": len(data), "pointerSize": 130}
            entries.append(entry)
        self.reply(entries)

    def resolve(self, repository: Repository, revision: str, path: str) -> None:
        oid = repository.oid(revision)
        data = repository.commits[oid].get(path) if oid else None
        if data is None:
            return self.reply({"error": "no"}, 404, {"X-Error-Code": "EntryNotFound"})
        etag = sha256(data).hexdigest() if len(data) > LARGE else git_oid(data)
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": str(oid)}
        sent = data
        if path.endswith("weights.safetensors") and self.command == "GET":
            if self.hub.fault == "corrupt":
                sent = data[:-1] + bytes([data[-1] ^ 1])
            if self.hub.fault == "cut":
                sent = data[: len(data) // 2]
                self.close_connection = True
        return self.send(sent, 200, headers, length=len(data))

    def reply(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        self.send(data, status, headers, length=len(data))

    def send(self, data: bytes, status: int, headers: dict[str, str], *, length: int) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def git_oid(data: bytes) -> str:
    """Return the hash of a file in Git."""
    return sha1(b"blob %d\0" % len(data) + data).hexdigest()


@contextmanager
def connected_hub(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Iterator[FakeHub]:
    """Run an empty Hub for the client in this process, which downloads to `cache`."""
    constants = import_module("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with running_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """Run the server on a free port of this machine."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
