"""Files are read once, whenever their headers and pixels are asked for."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from translate.engine.config.schema import Data
from translate.engine.data import check, opened_files
from translate.engine.data.opened_files import OpenedFiles
from translate.images.source import EncodedImage

Folder = Callable[..., Path]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each file is read."""
    counts: Counter[str] = Counter()
    read = Path.read_bytes

    def remember(path: Path) -> bytes:
        counts[path.name] += 1
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", remember)
    return counts


@pytest.mark.parametrize("cache", [2.0, 0.0])
@pytest.mark.parametrize("labels", [None, ()])
def test_the_check_before_training_reads_each_file_once(
    image_folder: Folder, opened: Counter[str], cache: float, labels: Any, tmp_path: Path
) -> None:
    first, second = image_folder("a/train", 5), image_folder("b/train", 3)
    for path in sorted(second.iterdir()):
        path.rename(path.with_name(f"b{path.name}"))
    asked = Data(root=tmp_path, domains=("a", "b"), size=16, cache=cache, labels=labels)
    files = OpenedFiles()
    checked = check.check_data(check.open_layout(asked, files=files), asked, files)
    assert not checked.problems
    names = {path.name for folder in (first, second) for path in folder.iterdir()}
    assert set(opened) == names
    if cache:
        assert set(opened.values()) == {1}
    else:  # the pixels that are looked at come from the disk, as they do in training
        assert max(opened.values()) <= 2


def test_a_file_beyond_what_is_kept_is_read_again(
    image_folder: Folder, opened: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, *_ = sorted(image_folder("a", 2).iterdir())
    monkeypatch.setattr(opened_files, "KEPT_BYTES", max(path.stat().st_size for path in (one, two)))
    files = OpenedFiles()
    for path in (one, two, one, two):
        files.read(path)
    assert opened == {one.name: 1, two.name: 2}
    assert files.take(one).sha256 == EncodedImage.open(one).sha256
    files.read(two), files.read(two)
    assert opened[two.name] == 3  # there is room for it now
