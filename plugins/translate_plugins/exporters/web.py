"""Exporter of static web pages, which run a model in the browser with ONNX Runtime Web."""

from __future__ import annotations

import hashlib
import json
import tarfile
from base64 import b64encode
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Annotated
from urllib.error import URLError
from urllib.request import urlopen

from translate.errors import ConfigError
from translate.exporters import Content, ExportedModel, LoadedModel
from translate_plugins.exporters.onnx import OnnxExporter

RUNTIME_URL = "https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz"
RUNTIME_SHA512 = (
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
)
"""SHA-512 of the file at `RUNTIME_URL` in base64, as npm publishes it"""
RUNTIME_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
MODEL, METADATA = "model.onnx", "model.json"
DOWNLOAD_TIMEOUT = 120.0
"""in seconds, for each wait for the server"""


class WebExporter:
    """Folders (..._web) with a page that runs the model in the browser, not on a server.

    ONNX Runtime Web (33 MB) is downloaded from npm at each export, or read from the file `runtime`.
    """

    suffix = "_web"
    backend = ""

    def __init__(
        self,
        *,
        runtime: Annotated[
            Path | None, "file of ONNX Runtime Web; None: downloaded from npm at each export"
        ] = None,
    ) -> None:
        self.runtime = runtime

    def write(self, model: ExportedModel) -> dict[str, bytes]:
        require_8_bit_images(model)
        if model.inputs and not model.metadata["generation"]["prior"]:
            raise ConfigError(
                "its recipe defines the distribution of the latents in code, which a page cannot "
                "draw: expected a recipe with a prior. Export to .onnx."
            )
        page = files("translate_plugins.exporters") / "page"
        kind = page / ("generation" if model.inputs else "translation")
        page_files = [file for folder in (page, kind) for file in folder.iterdir()]
        return {
            **{file.name: file.read_bytes() for file in page_files if file.is_file()},
            **read_runtime(self.runtime),
            METADATA: json.dumps(dict(model.metadata)).encode(),
            MODEL: OnnxExporter().write(model),
        }

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        if isinstance(content, bytes) or MODEL not in content:
            raise ValueError(f"it is no folder with {MODEL}")
        return OnnxExporter().load(content[MODEL], threads=threads)


def require_8_bit_images(model: ExportedModel) -> None:
    """Raise `ConfigError` unless browsers can display images of the source and target domains."""
    for role in ("target",) if model.inputs else ("source", "target"):
        domain = model.metadata.get(role, {})
        dtype, channels = domain.get("dtype"), domain.get("channels")
        if dtype != "uint8" or channels not in (1, 3):
            raise ConfigError(
                f"a browser shows gray or RGB images of 8 bits, and those of the {role} "
                f"{domain.get('name', '')!r} are {dtype} with {channels} channels. Export to .onnx."
            )


def read_runtime(path: Path | None) -> dict[str, bytes]:
    """Return the files of ONNX Runtime Web, from `path`, or from npm if it is None.

    Raises `ConfigError` if the file is not the expected version, or cannot be read or downloaded.
    """
    data = _download() if path is None else _read_file(path)
    if b64encode(hashlib.sha512(data).digest()).decode() != RUNTIME_SHA512:
        source = path or "the downloaded file"
        raise ConfigError(f"{source} is not the file that npm published as {RUNTIME_URL}.")
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        members = {name: archive.extractfile(f"package/dist/{name}") for name in RUNTIME_FILES}
        return {name: member.read() for name, member in members.items() if member}


def _download() -> bytes:
    try:
        with urlopen(RUNTIME_URL, timeout=DOWNLOAD_TIMEOUT) as response:
            return response.read()
    except (URLError, TimeoutError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise ConfigError(
            f"{RUNTIME_URL} could not be downloaded ({reason}). "
            "Download it on another machine, and type: --runtime FILE"
        ) from error


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--runtime {path} cannot be read: {error.strerror}.") from error
