"""A folder of a store is walked in the order of a folder of the disk."""

from pathlib import Path
from uuid import uuid4

from translate.engine.objects.files import open_files
from translate.engine.system.locations import parse_location
from translate.folders.stores.walk import walk_objects
from translate.folders.walk import walk

NAMES = ("b.png", "B/2.png", "a/1.png", "a/x/notes.txt", ".hidden/3.png", "a/.4.png", "a.tar")


def test_a_store_is_walked_as_the_disk_is(tmp_path: Path) -> None:
    name = str(uuid4())
    files, root = open_files("memory", name), parse_location(f"memory://{name}")
    for path in NAMES:
        files.system.pipe_file(str(root / path), b"x")
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    assert list(walk_objects(files, root)) == list(walk(tmp_path))
    without = [siblings.images for siblings in walk_objects(files, root, excluded=root / "a")]
    assert without == [["b.png"], [], ["B/2.png"]]
