"""Modules and functions that Windows or macOS lack are used only after a check."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
from command_result import ROOT

from translate.insight import environment

UNIX_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog"}
UNIX_MEMBERS = {
    "os": {"fork", "register_at_fork", "statvfs", "pread", "pwrite", "killpg", "getuid", "mkfifo",
           "sched_getaffinity", "sysconf", "setsid", "O_DIRECTORY", "O_NOFOLLOW"},
    "signal": {"SIGHUP", "SIGCHLD", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGALRM", "pthread_kill"},
}  # fmt: skip
CATCHING = ("ImportError", "AttributeError", "Exception", "ModuleNotFoundError")


def unguarded_uses(tree: ast.AST, is_guarded: bool = False) -> Iterator[ast.AST]:
    """Yield uses of `UNIX_MODULES` and `UNIX_MEMBERS` without a check that they exist."""
    for child in ast.iter_child_nodes(tree):
        guarded = is_guarded
        if isinstance(child, ast.Try):
            exceptions = " ".join(ast.unparse(h.type) for h in child.handlers if h.type)
            guarded |= any(name in exceptions for name in CATCHING)
        elif isinstance(child, ast.With):
            exceptions = " ".join(ast.unparse(item.context_expr) for item in child.items)
            suppressed = "suppress(" in exceptions
            guarded |= suppressed and any(name in exceptions for name in CATCHING)
        elif isinstance(child, (ast.If, ast.IfExp)):
            guarded |= "hasattr(" in ast.unparse(child.test)
        if not guarded:
            names = [a.name for a in child.names] if isinstance(child, ast.Import) else []
            names += [str(child.module)] if isinstance(child, ast.ImportFrom) else []
            if UNIX_MODULES & {name.split(".")[0] for name in names}:
                yield child
            if isinstance(child, ast.Attribute) and child.attr in UNIX_MEMBERS.get(
                ast.unparse(child.value), ()
            ):
                yield child
        yield from unguarded_uses(child, guarded)


@pytest.mark.parametrize(
    ("code", "is_unguarded"),
    [
        ("import fcntl", True),
        ("from resource import getrusage", True),
        ("os.register_at_fork(before=f)", True),
        ("signal.signal(signal.SIGHUP, f)", True),
        ("try:\n    import fcntl\nexcept ImportError:\n    fcntl = None", False),
        ("if hasattr(os, 'register_at_fork'):\n    os.register_at_fork(before=f)", False),
        ("getattr(signal, 'SIGHUP', None)", False),
        ("with suppress(AttributeError):\n    os.sysconf('SC_PAGE_SIZE')", False),
        ("try:\n    f()\nexcept ImportError:\n    g()\nimport fcntl", True),
        ("with suppress(OSError):\n    os.sysconf('SC_PAGE_SIZE')", True),
    ],
)
def test_the_search_finds_unguarded_uses(code: str, is_unguarded: bool) -> None:
    assert bool(list(unguarded_uses(ast.parse(code)))) == is_unguarded


def test_T29_features_of_some_systems_are_used_only_after_a_check() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"  # type: ignore[attr-defined]
        for folder in ("translate", "plugins/translate_plugins")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in unguarded_uses(ast.parse(path.read_text()))
    ]
    assert not wrong, "\n".join(wrong)


WINDOWS = """
import os, shutil, sys

class MissingModules:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "resource"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, MissingModules())
for name in ("statvfs", "sched_getaffinity", "pread"):  # torch itself forks where it can
    if hasattr(os, name):
        delattr(os, name)
"""


@pytest.mark.slow
def test_T29_every_command_works_without_modules_and_functions_that_windows_lacks(
    tmp_path: Path, image_folder: Callable[..., Path], run_subprocess: Callable[..., Any]
) -> None:
    (tmp_path / "windows").mkdir()
    (tmp_path / "windows/sitecustomize.py").write_text(WINDOWS)
    image_folder("a", 3), image_folder("b", 3)
    model = small_checkpoints.cyclegan(tmp_path / "run")
    train = ["train", "--plugin", "cyclegan", "--domains", "a", "b", "--data", ".", "--size", 32,
             "--steps", 2, "--set", "options.generator={name: resnet, width: 4, blocks: 1}",
             "--out", "new"]  # fmt: skip
    for command in (["show", "cyclegan"], ["infer", model, "a", "out"], train, ["datasets"]):
        done = run_subprocess(*command, PYTHONPATH=str(tmp_path / "windows"))
        assert done.returncode == 0, done.stderr
    done = run_subprocess("doctor", PYTHONPATH=str(tmp_path / "windows"))
    assert "Traceback" not in done.stderr + done.stdout


def test_T29_supported_systems_are_documented() -> None:
    assert "Operating System :: POSIX :: Linux" in (ROOT / "pyproject.toml").read_text()
    assert "macOS and Windows" in (ROOT / "README.md").read_text()


def test_T29_doctor_reports_supported_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.sys, "platform", "linux")
    (finding,) = environment._system()
    assert (finding.state, finding.subject) == ("ok", "system")
    for name in ("win32", "darwin"):
        monkeypatch.setattr(environment.sys, "platform", name)
        (finding,) = environment._system()
        assert finding.state == "note"
        assert "not tested" in finding.advice
