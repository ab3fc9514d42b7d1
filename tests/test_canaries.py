"""No file makes a command run code: canaries in every disguise, to everything that takes a path."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import click
import pytest
import trained

from translate.cli import COMMANDS, cli

EVIL = "open('it-was-run', 'w').close()"
"""what a canary does when it is run"""


class Canary:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return exec, (EVIL,)


def canaries(folder: Path) -> dict[str, Path]:
    """Write canaries into `folder`; return them by what they are."""
    pickled, tag = pickle.dumps(Canary()), f"!!python/object/apply:builtins.exec [{EVIL!r}]"
    contents = {
        "pickle.pth": pickled,
        "pickle.safetensors": pickled,
        "pickle.png": pickled,
        "tag.yaml": f"recipe: {tag}\n".encode(),
        "bomb.yaml": b"a: &a [x, x]\nb: &b [*a, *a]\ndata: [*b, *b]\n",
        "code.py": EVIL.encode(),
        "dressed.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    found = {name: folder / name for name in contents}
    for name, change in {
        "names a module": {"recipe": "builtins.exec"},
        "names a plugin": {"recipe": "not-installed/gan"},
        "names a target": {"options": {"generator": {"name": "mlp", "_target_": "builtins.exec"}}},
    }.items():
        found[name] = trained.gan(folder / name.replace(" ", "-"))
        (place,) = (found[name] / "checkpoints").iterdir()
        state = json.loads((place / "state.json").read_bytes())
        state["config"] |= change
        (place / "state.json").write_text(json.dumps(state))
        (place / "MANIFEST.json").unlink()
        listed = {file.name: digest(file) for file in place.iterdir()}
        (place / "MANIFEST.json").write_text(json.dumps({"format": 1, "files": listed}))
        (found[name] / "config.yaml").write_text(json.dumps(state["config"]))
    return found


def digest(file: Path) -> dict[str, object]:
    data = file.read_bytes()
    return {"sha256": sha256(data).hexdigest(), "size": len(data)}


def commands(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command below `group` with its full name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        yield (*names, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)


MORE = {
    ("train",): [
        "--config {canary}", "--resume {canary}", "--config {canary} --data {folder}",
        "--plugin {canary} --domains a b --steps 1", "--plugin cyclegan --domains {canary} a",
        "--plugin cyclegan --domains a {folder} --steps 1 --set data.max_bad=1 --size 32",
        "--plugin gan --domains a --steps 1 --set options.generator={canary}",
    ],
    ("infer",): ["{run} {canary} out", "{run} {folder} out", "{run} a out --mask {canary}"],
    ("datasets", "check"): ["{canary}", "{folder}"],
}  # fmt: skip
"""Command lines beside those in which each argument is the canary."""

WATCHED = """
import sys
sys.argv[0] = "translate"
seen = []
def hook(event, given):
    if event in ("os.system", "os.exec", "os.posix_spawn", "pickle.find_class", "socket.connect"):
        seen.append(event)
    if event in ("subprocess.Popen", "os.spawn") and "git" not in str(given[0]):
        seen.append(f"{event} {given[0]}")
import torch, translate.engine.train, translate.engine.folder, translate.registry
translate.registry.names("recipe")
sys.addaudithook(hook)
from translate.cli import main
for line in sys.stdin.read().splitlines():
    try:
        main(line.split("\\t"))
    except SystemExit as end:
        if end.code not in (0, 2, 3, 4, 5):
            seen.append(f"exit {end.code}")
    except BaseException as error:
        seen.append(f"traceback {error!r}")
    for what in seen:
        print("\\nFOUND", what, line)
    seen.clear()
"""


def test_F1_no_file_that_is_given_to_any_command_is_run(
    tmp_path: Path, pictures: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Canary()))
    os.remove("it-was-run")  # noqa: PTH107 - a canary that sings
    pictures("a", 2)
    (tmp_path / "evil").mkdir()
    found, run = canaries(tmp_path / "evil"), trained.cyclegan(tmp_path / "run")
    lines = dict[str, None]()
    for names, command in commands(cli):
        arguments = [p for p in command.params if isinstance(p, click.Argument)]
        usual = " ".join(["{canary}", "a", "out"][: len(arguments)])
        for pattern in [*MORE.get(names, ()), *([usual] if arguments else ())]:
            for canary in found.values():
                given = pattern.format(canary=canary, folder=tmp_path / "evil", run=run).split()
                lines["\t".join([*names, *given])] = None
    assert {line.split("\t")[0] for line in lines} == {*COMMANDS} - {"doctor"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WATCHED],
        input="\n".join(lines), text=True, capture_output=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("FOUND")] == []
    assert not Path("it-was-run").exists()
