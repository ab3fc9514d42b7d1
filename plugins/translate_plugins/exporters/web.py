"""Static pages that run a model in the browser, by ONNX Runtime Web."""

from __future__ import annotations

import hashlib
import json
import tarfile
from base64 import b64encode
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from translate.errors import ConfigError
from translate.exporters import Content, ExportedModel, LoadedModel
from translate_plugins.exporters.onnx import OnnxExporter

RUNTIME = "https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz"
INTEGRITY = (
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
)
"""SHA-512 of that file in base64, as npm publishes it"""
RUNTIME_FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
)
MODEL, METADATA = "model.onnx", "model.json"
SECONDS = 120.0


class WebExporter:
    """Folders (..._web) with a page that translates images in the browser, without a server's help.

    The runtime of 33 MB is downloaded from npm at each export, or read from a file.
    """

    suffix = "_web"
    backend = ""

    def __init__(self, *, runtime: Path | None = None) -> None:
        self.runtime = runtime

    def write(self, model: ExportedModel) -> dict[str, bytes]:
        require_bytes(model)
        page = files("translate_plugins.exporters") / "page"
        return {
            **{part.name: part.read_bytes() for part in page.iterdir() if part.is_file()},
            **read_runtime(self.runtime),
            METADATA: json.dumps(dict(model.metadata)).encode(),
            MODEL: OnnxExporter().write(model),
        }

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        if isinstance(content, bytes) or MODEL not in content:
            raise ValueError(f"it is no folder with {MODEL}")
        return OnnxExporter().load(content[MODEL], threads=threads)


def require_bytes(model: ExportedModel) -> None:
    """Raise `ConfigError` unless a browser reads and shows images of both domains."""
    if model.inputs:
        raise ConfigError("the page translates images, and this network generates them.")
    for role in ("source", "target"):
        domain = model.metadata.get(role, {})
        dtype, channels = domain.get("dtype"), domain.get("channels")
        if dtype != "uint8" or channels not in (1, 3):
            raise ConfigError(
                f"a browser shows gray or RGB images of 8 bits, and those of the {role} "
                f"{domain.get('name', '')!r} are {dtype} with {channels} channels. Export to .onnx."
            )


def read_runtime(path: Path | None) -> dict[str, bytes]:
    """Return the files of ONNX Runtime Web, from `path` or else from npm; raises `ConfigError`."""
    data = _download() if path is None else _read(path)
    if b64encode(hashlib.sha512(data).digest()).decode() != INTEGRITY:
        source = path or "what was downloaded"
        raise ConfigError(f"{source} is not the file that npm published as {RUNTIME}.")
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        members = {name: archive.extractfile(f"package/dist/{name}") for name in RUNTIME_FILES}
        return {name: member.read() for name, member in members.items() if member}


def _download() -> bytes:
    try:
        with urlopen(RUNTIME, timeout=SECONDS) as answer:
            return answer.read()
    except (URLError, TimeoutError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise ConfigError(
            f"{RUNTIME} could not be downloaded ({reason}). Download it on another machine, and "
            "type: --runtime FILE"
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--runtime {path} cannot be read: {error.strerror}.") from error
