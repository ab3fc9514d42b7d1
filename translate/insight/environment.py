"""What this machine has, what is broken on it, and what to type about that."""

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

OURS = "translate-kit"
CLASHING = ("translate", "translate-toolkit")
"""distributions that also install a package called translate"""
GB = 1e9
CODECS = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "libtiff": "TIFF", "avif": "AVIF"}
"""Pillow's names of them, and ours"""


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    state: Literal["ok", "note", "broken"]
    found: str
    advice: str = ""
    """what to type, or to know"""


def look() -> Iterator[Finding]:
    """Yield what is true of this environment, one thing after the other; nothing here raises."""
    for check in CHECKS:
        try:
            yield from check()
        except Exception as error:  # to find such things is what this is for
            yield Finding(_name(check), "broken", f"{type(error).__name__}: {error}")


def _python() -> Iterator[Finding]:
    found = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Finding("python", "ok", found)
    where = Path(str(import_module("translate").__file__)).parent
    others = [name for name in CLASHING if _installed(name)]
    if others:
        yield Finding(
            OURS, "broken", f"{', '.join(others)} is installed, too, as the same package {where}",
            f"pip uninstall {' '.join(others)} && pip install --force-reinstall --no-deps {OURS}",
        )  # fmt: skip
    else:
        yield Finding(OURS, "ok", f"{__version__} in {where}")


def _system() -> Iterator[Finding]:
    if sys.platform.startswith("linux"):
        yield Finding("system", "ok", f"{platform.system()}, on which translate-kit is tested")
    else:
        yield Finding(
            "system", "note", platform.system() or sys.platform,
            "translate-kit is written for macOS and Windows as well, but is not tested there",
        )  # fmt: skip


def _torch() -> Iterator[Finding]:
    import torch

    from translate.engine.processes import threads

    explicit = next((name for name in threads.EXPLICIT if os.environ.get(name)), "")
    rule = f"set by {explicit}" if explicit else "fewer where other processes use the cores"
    count = min(torch.get_num_threads(), threads.available_cores())
    found = f"{count} threads on {threads.available_cores()} cores, {rule}"
    yield Finding("torch", "ok", f"{torch.__version__}, {found}")
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            facts = torch.cuda.get_device_properties(index)
            found = f"{facts.name}, {facts.total_memory / GB:.0f} GB"
            yield Finding(f"gpu {index}", "ok", found)
    elif torch.version.cuda:
        yield Finding(
            "gpu", "note", f"none, although this torch is built for CUDA {torch.version.cuda}",
            "training runs on the CPU; where there is a GPU, look at its driver: nvidia-smi",
        )  # fmt: skip
    else:
        yield Finding("gpu", "note", "none: this torch is built for CPUs")


def _torchvision() -> Iterator[Finding]:
    try:
        module = import_module("torchvision")
    except Exception as error:
        yield Finding(
            "torchvision", "broken", " ".join(f"{type(error).__name__}: {error}".split()),
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
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            yield Finding(name, "broken", reason, f"pip install --force-reinstall {OURS}")


def _codecs() -> Iterator[Finding]:
    import cv2
    from PIL import Image, features

    missing = [ours for theirs, ours in CODECS.items() if not features.check(theirs)]
    state: Literal["ok", "note"] = "note" if missing else "ok"
    there = ", ".join(name for name in CODECS.values() if name not in missing)
    advice = f"{', '.join(missing)} files will be listed as unreadable" if missing else ""
    yield Finding("codecs", state, there, advice)
    buffer = BytesIO()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(buffer, "JPEG")
    decoded = cv2.imdecode(np.frombuffer(buffer.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        yield Finding("codecs", "broken", "OpenCV decodes no JPEG", "pip install --force-reinstall "
                      "opencv-python-headless")  # fmt: skip


def _plugins() -> Iterator[Finding]:
    loaded = discovery.load()
    strangers = sorted({name.partition(":")[0] for name, _ in loaded.list_name_plugin()} - {OURS})
    yield Finding("plugins", "ok", ", ".join(strangers) or "ours alone")
    for name, error in discovery.skipped.items():
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        yield Finding("plugins", "note", f"{name} is left out: {reason}", "translate plugins")


def _room() -> Iterator[Finding]:
    here = Path.cwd()
    free = shutil.disk_usage(here).free / GB
    if not os.access(here, os.W_OK):
        yield Finding("disk", "note", f"{here} cannot be written to", "give --out and --data")
    elif free < 2:
        yield Finding("disk", "note", f"{free:.1f} GB free in {here}", "a run takes about 1 GB")
    else:
        yield Finding("disk", "ok", f"{free:.0f} GB free in {here}")
    memory = Path("/dev/shm")  # what loader workers hand pictures over in
    if memory.is_dir():
        shared = shutil.disk_usage(memory).free / GB
        small = shared < 0.5
        yield Finding(
            "shared memory", "note" if small else "ok", f"{shared:.1f} GB free",
            "keep data.workers at 0, or start the container with --shm-size 2g" if small else "",
        )  # fmt: skip


def _compiler() -> Iterator[Finding]:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler:
        yield Finding("compiler", "ok", compiler)
    else:
        yield Finding("compiler", "note", "none", "train.compile needs one on a CPU")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    *(_python, _system, _torch, _torchvision, _libraries, _codecs, _plugins, _room, _compiler),
)


def _name(check: Callable[[], Iterator[Finding]]) -> str:
    return getattr(check, "__name__", "check").strip("_")


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
