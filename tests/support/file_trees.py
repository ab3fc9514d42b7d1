"""Contents of files and folders, to write and to read back."""

from pathlib import Path

OLD, NEW = b"old" * 100, b"new" * 1000
TREE_OLD = {"a": b"1" * 10, "b": b"2" * 20}
TREE_NEW = {"a": b"3" * 30, "c": b"4" * 40}
RECORD = {"step": 3, "text": "unicode \u2603 and an invalid byte \udcff"}


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the content of each file in `folder`; empty if there is no folder."""
    return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.exists() else {}


def visible_names(folder: Path) -> set[str]:
    """Return the names in `folder` that are not hidden."""
    return {p.name for p in folder.iterdir() if not p.name.startswith(".")}


def image_bytes(folder: Path) -> dict[str, bytes]:
    """Return the content of each PNG file below `folder`, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.png"))
    }
