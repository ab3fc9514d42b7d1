"""The files of a store are listed in the same order as the files of a folder on the disk."""

from pathlib import Path
from uuid import uuid4

from translate.engine.objects.files import open_files
from translate.engine.system.locations import parse_location
from translate.folders.stores.walk import walk_objects
from translate.folders.walk import walk

NAMES = ("b.png", "B/2.png", "a/1.png", "a/x/notes.txt", ".hidden/3.png", "a/.4.png", "a.tar")


def test_a_store_and_the_disk_are_walked_in_the_same_order(tmp_path: Path) -> None:
    name = str(uuid4())
    files, root = open_files("memory", name), parse_location(f"memory://{name}")
    for path in NAMES:
        files.system.pipe_file(str(root / path), b"x")
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    assert list(walk_objects(files, root)) == list(walk(tmp_path))
    without_a = [siblings.images for siblings in walk_objects(files, root, excluded=root / "a")]
    assert without_a == [["b.png"], [], ["B/2.png"]]
