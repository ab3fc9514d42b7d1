"""Fixtures: folders of synthetic images, plugins for one test, and the command line."""

import atexit
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from command_result import ROOT, CommandResult
from disk_faults import FaultyDisk
from PIL import Image

from translate import hookimpl
from translate.engine.plugins import discovery
from translate.engine.system import console

if TYPE_CHECKING:
    from playwright.sync_api import Browser

os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that tests start
for variable in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):  # of torchrun, if it starts the tests
    os.environ.pop(variable, None)
os.environ["TRANSLATE_CACHE"] = str(Path(gettempdir()) / f"translate-tests-{os.getpid()}")
torch.set_num_threads(1)
# Otherwise each run, and each process that tests start, compiles all modules again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


SLOW_FILES = (
    "third_party/test_example_plugins.py",
    "plugins/test_recipes.py",
    "cli/plugins/test_new.py",
    "resume/test_equal_bytes.py",
    "resume/test_killed_processes.py",
    "test_page_commands.py",
    "test_fuzz.py",
    "serve/test_app.py",
    "processes/test_failures.py",
    "processes/test_training.py",
    "engine/evaluation/test_evaluations.py",
    "plugins/test_exporters.py",
    "test_wheel.py",
    "test_docs.py",
    "exchange/test_export.py",
)
"""files of 7 to 30 seconds, which run first, so that all processes of `make test` end together"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first."""
    order = {ROOT / "tests" / name: number for number, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


def pytest_collection_finish() -> None:
    """Exclude the objects of imported modules from garbage collection, for the speed of tests."""
    gc.freeze()
    atexit.register(gc.freeze)  # ends the process a second earlier


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Return a headless Chromium; skip the test if Debian's package is not installed."""
    from browser import CHROMIUM, running_browser

    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: apt-get install chromium-headless-shell")
    with running_browser() as chromium:
        yield chromium


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyDisk]:
    """Patch functions of `os` during the test, to count file operations and inject faults."""
    faulty_disk = FaultyDisk(monkeypatch)
    yield faulty_disk
    faulty_disk.disarm()


@pytest.fixture
def image_folder(tmp_path: Path) -> Callable[..., Path]:
    """Create folders of 32x32 images: ``image_folder("summer/train", 4)`` returns the folder.

    Each image is a disc on a gradient; the name of the folder determines the images.
    """

    def make(name: str, count: int = 4, *, size: int = 32, suffix: str = ".png") -> Path:
        folder, random = tmp_path / name, np.random.default_rng(list(name.encode()))
        folder.mkdir(parents=True, exist_ok=True)
        y, x = np.mgrid[:size, :size] / size
        for index in range(count):
            background, disc = random.uniform(0, 255, (2, 3))
            (left, top), radius = random.uniform(0.25, 0.75, 2), random.uniform(0.1, 0.3)
            inside = (x - left) ** 2 + (y - top) ** 2 < radius**2
            pixels = np.where(inside[..., None], disc, background * (0.5 + 0.5 * y[..., None]))
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{index:04}{suffix}")
        return folder

    return make


@pytest.fixture
def root(image_folder: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a folder with the domains ``a`` and ``b`` of four images each."""
    image_folder("a", 4), image_folder("b", 4)
    return tmp_path


@pytest.fixture
def messages() -> Iterator[list[str]]:
    """Collect the messages that the command would print."""
    lines: list[str] = []
    with console.messages(lines.append):
        yield lines


@pytest.fixture
def register_plugin() -> Iterator[Callable[..., object]]:
    """Register a plugin object for one test: ``register_plugin(plugin, "distribution:name")``."""
    managers = discovery.load(), discovery.load(torch_free=True)  # the second has some plugins only
    skipped_before = dict(discovery.skipped)
    names: list[str] = []

    def register(plugin: object, name: str = "other:thing") -> object:
        for manager in managers:
            if not manager.has_plugin(name):  # one manager is both if all plugins were loaded
                discovery.register(manager, plugin, name)
        names.append(name)
        return plugin

    yield register
    for name in names:
        for manager in managers:
            manager.unregister(name=name)
    discovery.skipped.clear()
    discovery.skipped.update(skipped_before)


@pytest.fixture
def register_example(
    register_plugin: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], object]:
    """Register the plugin of a project in tests/examples: ``register_example("translate_vae")``."""

    def register(project: str) -> object:
        monkeypatch.syspath_prepend(ROOT / "tests/examples" / project)
        name = f"{project.replace('_', '-')}:{project.removeprefix('translate_')}"
        return register_plugin(import_module(project), name)

    return register


@pytest.fixture
def shared_images() -> Path:
    """Return the folder of real images next to the checkout; skip the test where it is missing."""
    folder = ROOT.parent / "shared/data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data next to the checkout")
    return folder


@pytest.fixture
def run_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., CommandResult]:
    """Run `translate` in this process, in the test's folder: ``run_command("infer", ...).code``.

    An unexpected exception propagates; users get a message of one line.
    """
    from translate.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRANSLATE_DEBUG", "1")

    def call(*arguments: object) -> CommandResult:
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        return CommandResult(int(end.value.code or 0), out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def run_subprocess(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `translate` as a subprocess in the test's folder."""

    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "translate", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


@pytest.fixture
def same_scenes(register_plugin: Callable[..., object]) -> None:
    """Declare the folders a and b as sample domains with the same scenes, as ground truth."""

    def draw() -> Iterator[object]:
        yield from ()

    draw.scenes = "scenes"  # type: ignore[attr-defined]

    class Plugin:
        @hookimpl
        def register_domains(self) -> dict[str, object]:
            return {"a": draw, "b": draw}

    register_plugin(Plugin())
