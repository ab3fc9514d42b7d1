"""Validation images: held out, of another split or in a folder, and never trained on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
from small_data import checked_data

from translate.engine.data.check import CheckedData
from translate.engine.splits.validation import add_validation
from translate.errors import TranslateError

Folder = Callable[..., Path]


@pytest.fixture
def root(image_folder: Folder, tmp_path: Path) -> Path:
    for split, count in (("train", 8), ("val", 3), ("test", 2)):
        image_folder(f"a/{split}", count, size=8), image_folder(f"b/{split}", count, size=8)
    return tmp_path


def read_data(root: Path, **flags: Any) -> CheckedData:
    """Return the images of the domains ``a`` and ``b`` below `root`, with validation images."""
    config = small_runs.config(root, data__size=8, **flags)
    return add_validation(checked_data(config.data), config.data, config)


def relative_paths(data: CheckedData, root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in data.layout.files}


def test_a_fraction_of_the_items_is_held_out_and_not_trained_on(root: Path) -> None:
    data = read_data(root, data__validation=0.3, data__layout="paired")
    assert data.validation
    trained, held_out = relative_paths(data, root), relative_paths(data.validation, root)
    assert trained and held_out and not trained & held_out
    assert len(trained | held_out) == 16
    assert len(data.layout) + len(data.validation.layout) == 8
    assert data.warnings[-1] == (
        f"validation: {len(data.validation.layout)} items, {len(data.layout)} are trained on"
    )


def test_an_unreadable_file_is_neither_trained_on_nor_validated_on(root: Path) -> None:
    (root / "a/train/0003.png").write_text("<html>")
    data = read_data(root, data__validation=0.3, data__layout="paired", data__max_bad=0.5)
    assert data.validation
    assert len(data.layout) + len(data.validation.layout) == 7
    assert [problem.path.name for problem in data.problems] == ["0003.png"]


@pytest.mark.parametrize("validation", ["val", "elsewhere"])
def test_a_split_or_a_folder_has_the_validation_images(validation: str, root: Path) -> None:
    for domain in ("a", "b"):
        (root / "elsewhere" / domain).mkdir(parents=True)
        for path in (root / domain / "val").iterdir():
            (root / "elsewhere" / domain / path.name).write_bytes(path.read_bytes())
    chosen = "val" if validation == "val" else str(root / validation)
    data = read_data(root, data__validation=chosen, train__evaluate_every=1)
    assert data.validation
    assert (len(data.layout), len(data.validation.layout)) == (8, 3)
    assert all(validation in path.split("/") for path in relative_paths(data.validation, root))
    without_metrics = read_data(root, data__validation=chosen)
    assert without_metrics.validation is None


def test_a_folder_of_domains_that_are_paths_is_read_by_their_names(root: Path) -> None:
    (root / "held/a").mkdir(parents=True), (root / "held/b").mkdir()
    for name in "ab":
        (root / f"{name}/val/0000.png").rename(root / f"held/{name}/0000.png")
    domains = [str(root / "a/train"), str(root / "b/train")]
    data = read_data(root, data__domains=domains, data__validation=str(root / "held"),
                train__evaluate_every=1)  # fmt: skip
    assert data.validation
    assert relative_paths(data.validation, root) == {"held/a/0000.png", "held/b/0000.png"}


def test_V8_without_validation_images_the_test_split_is_measured_with_a_warning(root: Path) -> None:
    data = read_data(root, train__evaluate_every=1)
    assert data.validation and len(data.validation.layout) == 2
    (line,) = [line for line in data.warnings if "test" in line]
    assert "its metric values are optimistic. Hold out a tenth" in line


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"data__validation": "none"}, r"data.validation: the split 'none' has no images"),
        ({"data__validation": "train"}, r"the split 'train' has images that are trained on, 16 f"),
        ({"data__split": "test"}, r"train.evaluate_every: the split 'test' has images that are tr"),
        (
            {"data__validation": "val", "data__groups": "(0001)"},
            r"data.groups: 1 groups have images in 'train' and in the split 'val', the first is '0",
        ),
    ],
)
def test_V7_images_that_cannot_be_measured_on_are_refused(
    flags: dict[str, Any], message: str, root: Path
) -> None:
    with pytest.raises(TranslateError, match=message):
        read_data(root, train__evaluate_every=1, **flags)


def test_a_flat_folder_has_no_test_split(image_folder: Folder, tmp_path: Path) -> None:
    image_folder("a", 4, size=8), image_folder("b", 4, size=8)
    with pytest.raises(TranslateError, match="has images that are trained on, 8 files") as raised:
        read_data(tmp_path, train__evaluate_every=1)
    assert "--set data.validation=0.1" in str(raised.value)


def test_classes_that_training_does_not_have_are_refused(
    image_folder: Folder, tmp_path: Path
) -> None:
    for folder in ("d/train/0", "d/train/1", "d/val/0"):
        image_folder(folder, 2, size=8)
    with pytest.raises(TranslateError, match="the split 'val' has other classes than 'train'"):
        read_data(tmp_path, data__domains=["d"], data__layout="labelled", data__validation="val",
             train__evaluate_every=1)  # fmt: skip
