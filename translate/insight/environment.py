"""Checks of the environment: what is installed, what is broken, and how to repair it."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module, metadata
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from translate import __version__
from translate.engine.plugins import discovery
from translate.errors import describe_error

PROJECT = "translate-kit"
CLASHING = ("translate", "translate-toolkit")
"""distributions that also install a package named translate"""
GB = 1e9
CODECS = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "libtiff": "TIFF", "avif": "AVIF"}
"""names of codecs in Pillow, each with the name of its format"""


class Finding(NamedTuple):
    """The result of one check."""

    subject: str
    state: Literal["ok", "note", "broken"]
    text: str
    advice: str = ""
    """what to type, or the effect"""


def check_environment() -> Iterator[Finding]:
    """Yield the findings of all checks; a check that raises is a finding as well."""
    for check in CHECKS:
        try:
            yield from check()
        except Exception as error:  # a broken library may raise anything
            name = getattr(check, "__name__", "check").strip("_")
            yield Finding(name, "broken", describe_error(error))


def _python() -> Iterator[Finding]:
    text = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Finding("python", "ok", text)
    folder = Path(str(import_module("translate").__file__)).parent
    clashing = [name for name in CLASHING if _is_installed(name)]
    if clashing:
        yield Finding(
            PROJECT, "broken", f"{', '.join(clashing)} is installed as well, in {folder}",
            f"pip uninstall {' '.join(clashing)} && pip install --force-reinstall --no-deps "
            f"{PROJECT}",
        )  # fmt: skip
    else:
        yield Finding(PROJECT, "ok", f"{__version__} in {folder}")


def _system() -> Iterator[Finding]:
    if sys.platform.startswith("linux"):
        yield Finding(
            "system", "ok", f"{platform.system()}, a system that translate-kit is tested on"
        )
    else:
        yield Finding(
            "system", "note", platform.system() or sys.platform,
            "translate-kit is written for macOS and Windows as well, but is not tested there",
        )  # fmt: skip


def _torch() -> Iterator[Finding]:
    import torch

    from translate.engine.processes import cores

    variable = next((name for name in cores.THREAD_VARIABLES if os.environ.get(name)), "")
    rule = f"set by {variable}" if variable else "fewer while other processes use the cores"
    count = min(torch.get_num_threads(), cores.available_cores())
    text = f"{count} threads on {cores.available_cores()} cores, {rule}"
    yield Finding("torch", "ok", f"{torch.__version__}, {text}")
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            text = f"{properties.name}, {properties.total_memory / GB:.0f} GB"
            yield Finding(f"gpu {index}", "ok", text)
    elif torch.version.cuda:
        yield Finding(
            "gpu", "note", f"none, although torch is built for CUDA {torch.version.cuda}",
            "training uses the CPU; if there is a GPU, check its driver: nvidia-smi",
        )  # fmt: skip
    else:
        yield Finding("gpu", "note", "none: torch is built for CPUs")


def _torchvision() -> Iterator[Finding]:
    try:
        module = import_module("torchvision")
    except Exception as error:
        yield Finding(
            "torchvision", "broken", describe_error(error),
            "it was built for another torch: pip install --force-reinstall torch torchvision",
        )  # fmt: skip
    else:
        yield Finding("torchvision", "ok", module.__version__)


def _libraries() -> Iterator[Finding]:
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    for name in ("kornia", "cv2", "albumentations", "safetensors"):
        try:
            yield Finding(name, "ok", import_module(name).__version__)
        except Exception as error:
            advice = f"pip install --force-reinstall {PROJECT}"
            yield Finding(name, "broken", describe_error(error), advice)


def _codecs() -> Iterator[Finding]:
    import cv2
    from PIL import Image, features

    missing = [name for codec, name in CODECS.items() if not features.check(codec)]
    state: Literal["ok", "note"] = "note" if missing else "ok"
    present = ", ".join(name for name in CODECS.values() if name not in missing)
    advice = f"{', '.join(missing)} files will be listed as unreadable" if missing else ""
    yield Finding("codecs", state, present, advice)
    buffer = BytesIO()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(buffer, "JPEG")
    decoded = cv2.imdecode(np.frombuffer(buffer.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        yield Finding("codecs", "broken", "OpenCV decodes no JPEG", "pip install --force-reinstall "
                      "opencv-python-headless")  # fmt: skip


def _plugins() -> Iterator[Finding]:
    plugin_names = (name for name, _ in discovery.load().list_name_plugin())
    third_party = sorted({name.partition(":")[0] for name in plugin_names} - {PROJECT})
    yield Finding("plugins", "ok", ", ".join(third_party) or "only the built-in ones")
    for name, error in discovery.skipped.items():
        text = f"{name} was not loaded: {describe_error(error)}"
        yield Finding("plugins", "note", text, "translate plugins")


def _disk_space() -> Iterator[Finding]:
    folder = Path.cwd()
    free = shutil.disk_usage(folder).free / GB
    if not os.access(folder, os.W_OK):
        yield Finding("disk", "note", f"{folder} is not writable", "use --out and --data")
    elif free < 2:
        yield Finding("disk", "note", f"{free:.1f} GB free in {folder}", "a run takes about 1 GB")
    else:
        yield Finding("disk", "ok", f"{free:.0f} GB free in {folder}")
    shared_memory = Path("/dev/shm")  # loader workers pass images through it
    if shared_memory.is_dir():
        free = shutil.disk_usage(shared_memory).free / GB
        small = free < 0.5
        yield Finding(
            "shared memory", "note" if small else "ok", f"{free:.1f} GB free",
            "leave data.workers at 0, or start the container with --shm-size 2g" if small else "",
        )  # fmt: skip


def _compiler() -> Iterator[Finding]:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler:
        yield Finding("compiler", "ok", compiler)
    else:
        yield Finding("compiler", "note", "none", "train.compile needs one on a CPU")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    *(_python, _system, _torch, _torchvision, _libraries, _codecs, _plugins, _disk_space),
    _compiler,
)


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
