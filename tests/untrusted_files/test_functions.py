"""No public function runs the code of a file: malicious files for all that take a path."""

import inspect
import multiprocessing
import os
import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import small_checkpoints
from audit_events import record_events
from command_result import ROOT
from malicious_files import MaliciousPickle, write_malicious_files
from subprocesses import run_python

from translate import api, batches, losses, recipe, registry, run, testing, translator
from translate.api import Translator
from translate.errors import BadImage, TranslateError
from translate.evaluate import entry
from translate.exchange import archives, fetch
from translate.folders import listing, lookup
from translate.images import encode, masks, source
from translate.images.source import EncodedImage
from translate.nn import modes

MODULES = (api, archives, entry, batches, fetch, listing, lookup, encode, masks, losses, modes,
           recipe, registry, run, source, testing, translator)  # fmt: skip
"""modules that plugins and notebooks import, and modules that open archives"""
WRITERS = {"translator.Translator.sample", "encode.write_image", "fetch.fetch", "fetch.download"}
"""functions that write to their path"""


def path_takers(modules: tuple[ModuleType, ...]) -> Iterator[str]:
    """Yield the names of public functions and methods that may be given a path."""
    for module in modules:
        for name, member in vars(module).items():
            if name.startswith("_") or getattr(member, "__module__", "") != module.__name__:
                continue
            members = vars(member) if member is Translator else {"": member}
            for method, function in members.items():
                function = getattr(function, "__func__", function)
                if inspect.isfunction(function) and (method == "__call__" or method[:1] != "_"):
                    parameters = inspect.signature(function).parameters.values()
                    hints = {p.name: str(p.annotation) for p in parameters}
                    if "config" in hints or any("Path" in hint for hint in hints.values()):
                        module_name = module.__name__.rpartition(".")[2]
                        yield ".".join(filter(None, (module_name, name, method)))


def calls(model: Translator, gan: Translator) -> Mapping[str, Callable[[Path], Any]]:
    """Return a call for each public function that takes a path, by its name."""
    gray = np.zeros((8, 8), np.uint8)
    settings: dict[str, Any] = {"domains": ["a"], "steps": 1, "size": 8}

    def data(path: Path) -> bytes:
        return path.read_bytes() if path.is_file() else b""

    def check_format(path: Path) -> None:
        with suppress(AssertionError):  # malicious files are not bitmaps
            testing.check_format("bmp", files=[path])

    def check_importer(path: Path) -> None:
        with suppress(AssertionError):  # malicious files are no weights
            testing.check_importer("junyanz", files=[path])

    return {
        "translator.Translator.load": Translator.load,
        "translator.Translator.__call__": lambda path: (model(path), gan(gray, mask=path)),
        "translator.Translator.folder": lambda path: model.folder(path, "out", mask=path),
        "entry.evaluate": api.evaluate,
        "api.train": lambda path: api.train(config=str(path), **settings),
        "archives.check_archive": archives.check_archive,
        "archives.is_archive": archives.is_archive,
        "archives.members": lambda path: (
            archives.check_archive(path) or list(archives.members(path))
        ),
        "lookup.find_domains": lambda path: lookup.find_domains(path.parent, [path.name], ""),
        "listing.find_images": listing.find_images,
        "lookup.first_folder_with_images": lambda path: lookup.first_folder_with_images(
            "images", [path]
        ),
        "listing.is_path": lambda path: listing.is_path(path.parent, path.name),
        "lookup.expect_different_domains": lambda path: lookup.expect_different_domains(
            path.parent, [path.name, str(path)]
        ),
        "listing.match": listing.match,
        "lookup.notes": lambda path: lookup.notes(lookup.Folder(path, [path], [path])),
        "lookup.candidate_folders": lambda path: lookup.candidate_folders(
            path.parent, path.name, "train"
        ),
        "listing.scan": listing.scan,
        "listing.stem_below": lambda path: listing.stem_below(path, path.parent),
        "listing.subfolders": listing.subfolders,
        "lookup.usable_files": lambda path: lookup.usable_files(lookup.Folder(path, [path]), []),
        "testing.check_format": check_format,
        "testing.check_importer": check_importer,
        "source.read_image": source.read_image,
        "masks.open_mask": lambda path: masks.open_mask(path, Path("image.png"), 1 << 20),
        "masks.hole_from_mask": lambda path: masks.hole_from_mask(
            EncodedImage(str(path), data(path)), path
        ),
        "masks.hole_from_alpha": lambda path: masks.hole_from_alpha(
            EncodedImage(str(path), data(path)).decode_layers(), path
        ),
    }


def call_all_functions(folder: Path, answer: Any) -> None:
    """Call every function with every malicious file, and send the violations to `answer`."""
    runs = small_checkpoints.cyclegan(folder / "run"), small_checkpoints.gan(folder / "gan")
    model, gan = (Translator.load(run, device="cpu") for run in runs)
    paths, violations, events = write_malicious_files(folder / "evil"), list[str](), record_events()
    for function, call in calls(model, gan).items():
        for name, file in paths.items():
            try:
                call(file)
            except (TranslateError, BadImage):
                pass
            except BaseException:
                violations.append(f"{function}, {name}: {traceback.format_exc()}")
            violations += [f"{function}, {name}: {event}" for event in events]
            events.clear()
    answer.send(violations)


def test_F1_no_public_function_executes_a_file_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "evil")  # so that `import imported` would work
    unused: Any = None
    assert {*path_takers(MODULES)} == {*calls(unused, unused)} | (WRITERS & {*path_takers(MODULES)})
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=call_all_functions, args=(tmp_path, writer))
    process.start()
    assert reader.poll(60)
    violations = reader.recv()
    process.join()
    assert not violations, "\n".join(violations)
    assert not list(tmp_path.rglob("it-was-run"))


def test_the_audit_hook_records_forbidden_events(tmp_path: Path) -> None:
    code = f"""
import pickle, socket, subprocess, sys
sys.path.insert(0, {str(tmp_path)!r})
from audit_events import record_events
events = record_events()
exec("1")
pickle.loads({pickle.dumps(MaliciousPickle())!r})
subprocess.run(["true"])
import imported
print([event.split()[0] for event in events])
"""
    (tmp_path / "imported.py").write_text("")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests/support")}
    done = run_python(code, cwd=tmp_path, env=environment)
    for event in ("exec", "compile", "pickle.find_class", "subprocess.Popen", "import"):
        assert repr(event) in done.stdout
