"""No file makes a command run code: malicious files, given to everything that takes a path."""

import inspect
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import tarfile
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import numpy as np
import pytest
import small_checkpoints
from audit_events import record_events
from command_result import ROOT

from translate import api, batches, losses, recipe, registry, run, testing, translator
from translate.api import Translator
from translate.cli import COMMANDS, cli
from translate.errors import BadImage, TranslateError
from translate.evaluate import entry
from translate.exchange import archives, fetch
from translate.folders import listing, lookup
from translate.images import encode, masks, source
from translate.images.source import EncodedImage
from translate.nn import modes

PAYLOAD = "open('it-was-run', 'w').close()"
"""the code of a canary: it writes a file"""


class Canary:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return exec, (PAYLOAD,)


def canaries(folder: Path) -> dict[str, Path]:
    """Write canaries (malicious files) into `folder`; return their paths by kind."""
    pickled, tag = pickle.dumps(Canary()), f"!!python/object/apply:builtins.exec [{PAYLOAD!r}]"
    contents = {
        "pickle.pth": pickled,
        "pickle.safetensors": pickled,
        "pickle.png": pickled,
        "tag.yaml": f"recipe: {tag}\n".encode(),
        "bomb.yaml": b"a: &a [x, x]\nb: &b [*a, *a]\ndata: [*b, *b]\n",
        "code.py": PAYLOAD.encode(),
        "canary.py": PAYLOAD.encode(),
        "dressed.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(folder / "slip.zip", "w") as archive:
        archive.writestr("../../it-was-run", "")
    with tarfile.open(folder / "link.tar", "w") as tar:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    paths = {name: folder / name for name in (*contents, "slip.zip", "link.tar")}
    for name, data in {"bomb": (2**62).to_bytes(8, "little"), "disguise": pickled}.items():
        paths[name] = small_checkpoints.gan(folder / name)
        seal(paths[name], "weights.safetensors", data)
    for name, changes in {
        "names a module": {"recipe": "canary.sing"},
        "names a file": {"recipe": "../code.py"},
        "names a plugin": {"recipe": "not-installed/gan"},
        "names a target": {"options": {"generator": {"name": "mlp", "_target_": "builtins.exec"}}},
    }.items():
        paths[name] = small_checkpoints.gan(folder / name.replace(" ", "-"))
        (checkpoint,) = (paths[name] / "checkpoints").iterdir()
        state = json.loads((checkpoint / "state.json").read_bytes())
        state["config"] |= changes
        seal(paths[name], "state.json", json.dumps(state).encode())
        (paths[name] / "config.yaml").write_text(json.dumps(state["config"]))
    return paths


def seal(run: Path, name: str, data: bytes) -> None:
    """Put `data` into the run's checkpoint, with its hash in the manifest."""
    (checkpoint,) = (run / "checkpoints").iterdir()
    (checkpoint / name).write_bytes(data)
    manifest = json.loads((checkpoint / "MANIFEST.json").read_bytes())
    manifest["files"][name] = {"sha256": sha256(data).hexdigest(), "size": len(data)}
    (checkpoint / "MANIFEST.json").write_text(json.dumps(manifest))


def commands(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command below `group` with its full name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        yield (*names, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)


EXTRA_LINES = {
    ("train",): [
        "--config {canary}", "--resume {canary}", "--config {canary} --data {folder}",
        "--plugin {canary} --domains a b --steps 1", "--plugin cyclegan --domains {canary} a",
        "--plugin cyclegan --domains a {folder} --steps 1 --set data.max_bad=1 --size 32",
        "--plugin gan --domains a --steps 1 --set options.generator={canary}",
    ],
    ("infer",): ["{run} {canary} out", "{run} {folder} out", "{run} a out --mask {canary}"],
    ("datasets", "check"): ["{canary}", "{folder}"],
}  # fmt: skip
"""command lines in addition to those in which each argument is the canary"""

SERVED = ("pickle.pth", "disguise", "names a module")
"""canaries of `translate serve`, which loads any run as `infer` does, in a process of its own"""

RUN_LINES = """
import sys
sys.argv[0] = "translate"
import torch._dynamo, translate.engine.training.session, translate.registry
import translate.engine.inference.folder, translate.cli.serve, translate.serve.server
from audit_events import record_events
translate.registry.names("recipe")
events = record_events()
from translate.cli import main
for line in sys.stdin.read().splitlines():
    try:
        main(line.split("\\t"))
    except SystemExit as end:
        if end.code not in (0, 2, 3, 4, 5):
            events.append(f"exit {end.code}")
    except BaseException as error:
        events.append(f"traceback {error!r}")
    for event in events:
        print("\\nFOUND", event, line)
    events.clear()
"""


def test_F1_no_command_executes_a_file_that_it_is_given(
    tmp_path: Path, image_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Canary()))
    os.remove("it-was-run")  # noqa: PTH107 - the payload works
    image_folder("a", 2)
    image_folder("datasets/digits/train", 2)  # else a resume would generate 7,000
    (tmp_path / "evil").mkdir()
    paths, run = canaries(tmp_path / "evil"), small_checkpoints.cyclegan(tmp_path / "run")
    lines = dict[str, None]()
    for names, command in commands(cli):
        arguments = [p for p in command.params if isinstance(p, click.Argument)]
        default = " ".join(["{canary}", "a", "out"][: len(arguments)])
        for pattern in [*EXTRA_LINES.get(names, ()), *([default] if arguments else ())]:
            for kind, canary in paths.items():
                if names == ("serve",) and kind not in SERVED:
                    continue
                words = pattern.format(canary=canary, folder=tmp_path / "evil", run=run).split()
                lines["\t".join([*names, *words])] = None
    assert {line.split("\t")[0] for line in lines} == {*COMMANDS}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN_LINES],
        input="\n".join(lines), text=True, capture_output=True, check=False, timeout=200,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests/support")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("FOUND")] == []
    assert not Path("it-was-run").exists()


MODULES = (api, archives, entry, batches, fetch, listing, lookup, encode, masks, losses, modes,
           recipe, registry, run, source, testing, translator)  # fmt: skip
"""what plugins and notebooks import, and what opens archives"""
WRITERS = {"translator.Translator.sample", "encode.write_image", "fetch.fetch", "fetch.download"}
"""functions whose path is one to write to"""


def path_takers(modules: tuple[ModuleType, ...]) -> Iterator[str]:
    """Yield the names of public functions and methods that may be given a path."""
    for module in modules:
        for name, member in vars(module).items():
            if name.startswith("_") or getattr(member, "__module__", "") != module.__name__:
                continue
            members = (
                vars(member) if inspect.isclass(member) and member is Translator else {"": member}
            )
            for method, function in members.items():
                function = getattr(function, "__func__", function)
                if inspect.isfunction(function) and (method == "__call__" or method[:1] != "_"):
                    parameters = inspect.signature(function).parameters.values()
                    hints = {
                        p.name: str(p.annotation) for p in parameters
                    }  # as text: some name torch
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
        with suppress(AssertionError):  # canaries are not bitmaps
            testing.check_format("bmp", files=[path])

    def check_importer(path: Path) -> None:
        with suppress(AssertionError):  # canaries are no weights
            testing.check_importer("junyanz", files=[path])

    return {
        "translator.Translator.load": Translator.load,
        "translator.Translator.__call__": lambda path: (model(path), gan(gray, mask=path)),
        "translator.Translator.folder": lambda path: model.folder(path, "out", mask=path),
        "entry.evaluate": api.evaluate,
        "api.train": lambda path: api.train(config=str(path), **settings),
        "archives.inspect": archives.inspect,
        "archives.is_archive": archives.is_archive,
        "archives.members": lambda path: archives.inspect(path) or list(archives.members(path)),
        "lookup.find_domains": lambda path: lookup.find_domains(path.parent, [path.name], ""),
        "listing.find_images": listing.find_images,
        "lookup.first_folder_with_images": lambda path: lookup.first_folder_with_images(
            "images", [path]
        ),
        "listing.is_path": lambda path: listing.is_path(path.parent, path.name),
        "lookup.expect_different": lambda path: lookup.expect_different(
            path.parent, [path.name, str(path)]
        ),
        "listing.match": listing.match,
        "lookup.notes": lambda path: lookup.notes(lookup.Folder(path, [path], [path])),
        "lookup.places": lambda path: lookup.places(path.parent, path.name, "train"),
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
    """Call every function with every canary, and send the violations to `answer`."""
    runs = small_checkpoints.cyclegan(folder / "run"), small_checkpoints.gan(folder / "gan")
    model, gan = (Translator.load(run, device="cpu") for run in runs)
    paths, violations, events = canaries(folder / "evil"), list[str](), record_events()
    for function, call in calls(model, gan).items():
        for name, canary in paths.items():
            try:
                call(canary)
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
    monkeypatch.syspath_prepend(tmp_path / "evil")  # so that `import canary` would work
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
pickle.loads({pickle.dumps(Canary())!r})
subprocess.run(["true"])
import canary
print([event.split()[0] for event in events])
"""
    (tmp_path / "canary.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, text=True, capture_output=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests/support")},
    )  # fmt: skip
    for event in ("exec", "compile", "pickle.find_class", "subprocess.Popen", "import"):
        assert repr(event) in done.stdout
