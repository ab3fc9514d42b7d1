"""The possible states of a disk after a power cut, computed from recorded file operations.

In this model, written bytes are durable after an fsync of the file, and created, renamed and
removed names after an fsync of their folder.
"""

import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest

RECORDED_CALLS = ("open", "write", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir")
FileTree = dict[str, "bytes | FileTree"]


class Operation(NamedTuple):
    """A recorded operation on `node`, a file or a folder."""

    kind: str
    """``write`` appends bytes, ``add`` and ``remove`` change a name in a folder, ``sync`` syncs"""
    node: int
    name: str = ""
    value: Any = None
    """written bytes, or the node that the added name refers to"""


class DiskRecorder:
    """Records file operations below `root`; `crash_states` yields the trees that they may leave."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.opened = str(root), dict[int, str]()
        self.nodes: list[Any] = [{}]
        self._load(root, 0)
        self.before, self.done = deepcopy(self.nodes), list[Operation]()
        for name in RECORDED_CALLS:
            monkeypatch.setattr(os, name, self._record_calls(name, getattr(os, name)))

    def _load(self, folder: Path, node: int) -> None:
        for path in folder.iterdir():
            self.nodes[node][path.name] = len(self.nodes)
            self.nodes.append({} if path.is_dir() else path.read_bytes())
            if path.is_dir():
                self._load(path, self.nodes[node][path.name])

    def _record_calls(self, kind: str, real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            if kind in ("write", "fsync"):
                path = self.opened.get(arguments[0], "")
            else:
                folder = self.opened.get(options.get("dir_fd") or -1, "")
                path = os.path.join(folder, os.fspath(arguments[0]))  # noqa: PTH118 - may be absolute
            is_new = kind == "open" and not os.path.lexists(path)
            result = real(*arguments, **options)
            if kind == "open":
                self.opened[result] = path
            if path.startswith(self.root):
                self._record(kind, path, arguments, is_new)
            return result

        return call

    def _record(self, kind: str, path: str, arguments: Any, is_new: bool) -> None:
        match kind:
            case "write":
                self._do(Operation("write", self._find(path), value=bytes(arguments[1])))
            case "fsync":
                self._do(Operation("sync", self._find(path)))
            case "mkdir":
                self._add(path, {})
            case "open" if is_new:
                self._add(path, b"")
            case "unlink" | "rmdir":
                folder, name = self._folder_and_name(path)
                self._do(Operation("remove", folder, name))
            case "rename" | "replace":
                (folder, name), (target, new) = (
                    self._folder_and_name(path),
                    self._folder_and_name(str(arguments[1])),
                )
                self._do(Operation("add", target, new, self.nodes[folder][name]))
                self._do(Operation("remove", folder, name))

    def _add(self, path: str, content: Any) -> None:
        self.nodes.append(type(content)())
        self.before.append(content)
        folder, name = self._folder_and_name(path)
        self._do(Operation("add", folder, name, len(self.nodes) - 1))

    def _folder_and_name(self, path: str) -> tuple[int, str]:
        folder, name = os.path.split(path)
        return self._find(folder), name

    def _find(self, path: str) -> int:
        node = 0
        for name in Path(path).relative_to(self.root).parts:
            node = self.nodes[node][name]
        return node

    def _do(self, operation: Operation) -> None:
        self.done.append(operation)
        _apply(self.nodes, operation)

    def forget_syncs(self, kind: type) -> None:
        """Drop the recorded syncs of files (`bytes`) or of folders (`dict`)."""
        self.done = [
            each
            for each in self.done
            if each.kind != "sync" or not isinstance(self.nodes[each.node], kind)
        ]

    def crash_states(self, *, first_operation: int = 0) -> Iterator[tuple[bool, FileTree]]:
        """Yield each distinct tree that may remain after `first_operation` or more operations.

        The flag is whether all operations were done. Of the operations that are not durable, these
        may be lost: all, none, all changes of names, all changes of contents, or any single one.
        """
        states = set()
        for count in range(first_operation, len(self.done) + 1):
            done = self.done[:count]
            not_durable = {i for i, each in enumerate(done) if not _is_durable(each, done[i:])}
            contents = {i for i in not_durable if done[i].kind == "write"}
            single = [{i} for i in sorted(not_durable)]
            losses = [not_durable, set[int](), contents, not_durable - contents, *single]
            for lost in losses:
                nodes = deepcopy(self.before)
                for i, operation in enumerate(done):
                    if i not in lost:
                        _apply(nodes, operation)
                tree = _build_tree(nodes, 0)
                if (key := (count == len(self.done), repr(tree))) not in states:
                    states.add(key)
                    yield key[0], tree


def _is_durable(operation: Operation, later: list[Operation]) -> bool:
    """Return whether an operation is a sync, or is followed by a sync of its node."""
    syncs = {each.node for each in later if each.kind == "sync"}
    return operation.kind == "sync" or operation.node in syncs


def _apply(nodes: list[Any], operation: Operation) -> None:
    """Apply `operation` to `nodes`; removing a name that is missing does nothing."""
    match operation.kind:
        case "write":
            nodes[operation.node] += operation.value
        case "add":
            nodes[operation.node][operation.name] = operation.value
        case "remove":
            nodes[operation.node].pop(operation.name, None)


def _build_tree(nodes: list[Any], node: int) -> FileTree:
    """Return the tree below `node`."""
    return {
        name: _build_tree(nodes, below) if isinstance(nodes[below], dict) else nodes[below]
        for name, below in sorted(nodes[node].items())
    }


def write_tree(tree: FileTree, folder: Path) -> Path:
    """Write `tree` as the new `folder`, and return it."""
    folder.mkdir()
    for name, content in tree.items():
        if isinstance(content, dict):
            write_tree(content, folder / name)
        else:
            (folder / name).write_bytes(content)
    return folder
