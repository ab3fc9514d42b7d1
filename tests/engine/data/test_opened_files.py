"""Files are read once for their headers and pixels."""

import os
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


def test_every_way_to_open_a_file_is_counted(open_counts: Counter[str], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("written, which is not counted")
    path.read_bytes(), path.read_text()
    path.open("rb").close()
    open(os.fsencode(path)).close()  # noqa: PTH123
    os.close(os.open(path, os.O_RDONLY))
    assert open_counts == {"a.txt": 5}


@pytest.mark.parametrize("cache", [2.0, 0.0])
@pytest.mark.parametrize("labels", [None, ()])
def test_the_check_before_training_reads_each_file_once(
    image_folder: Folder, open_counts: Counter[str], cache: float, labels: Any, tmp_path: Path
) -> None:
    sources, targets = image_folder("a/train", 5), image_folder("b/train", 3)
    for path in sorted(targets.iterdir()):
        path.rename(path.with_name(f"b{path.name}"))
    settings = Data(root=tmp_path, domains=("a", "b"), size=16, cache=cache, labels=labels)
    files = OpenedFiles()
    checked = check.check_data(check.open_layout(settings, files=files), settings, files)
    assert not checked.problems
    files_of_domains = [*sources.iterdir(), *targets.iterdir()]
    assert set(open_counts) == {str(path.relative_to(tmp_path)) for path in files_of_domains}
    if cache:
        assert set(open_counts.values()) == {1}
    else:  # pixels are checked from the disk, as in training
        assert max(open_counts.values()) <= 2


def test_a_file_that_does_not_fit_into_the_cache_is_read_again(
    image_folder: Folder, open_counts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cached, other = sorted(image_folder("a", 2).iterdir())
    size_of_one_file = max(path.stat().st_size for path in (cached, other))
    monkeypatch.setattr(opened_files, "KEPT_BYTES", size_of_one_file)
    files = OpenedFiles()
    for path in (cached, other, cached, other):
        files.read(path)
    assert open_counts == {f"a/{cached.name}": 1, f"a/{other.name}": 2}
    assert files.take(cached).sha256 == EncodedImage.open(cached).sha256  # leaves the cache
    files.read(other), files.read(other)
    assert open_counts[f"a/{other.name}"] == 3  # the other file fits into the cache now
