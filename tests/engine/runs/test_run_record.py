"""The fingerprint of a dataset changes with its files."""

from collections.abc import Callable
from pathlib import Path

import pytest
import small_runs
from small_data import checked_data

from translate.engine.data.check import CheckedData
from translate.engine.runs.run_record import fingerprint


@pytest.fixture
def data(image_folder: Callable[..., Path], tmp_path: Path) -> CheckedData:
    image_folder("a", 4), image_folder("b", 3)
    return checked_data(small_runs.config(tmp_path).data)


def test_a_fingerprint_covers_names_and_sizes(data: CheckedData, tmp_path: Path) -> None:
    before = fingerprint(data)
    assert before["files"] == 7
    assert fingerprint(data) == before
    with (tmp_path / "a/0000.png").open("ab") as file:
        file.write(b"more")
    assert fingerprint(data)["sha256"] != before["sha256"]


def test_a_fingerprint_has_an_entry_for_validation_images(
    data: CheckedData, tmp_path: Path
) -> None:
    validation = checked_data(small_runs.config(tmp_path, data__domains=["b", "a"]).data)
    expected = {**fingerprint(data), "validation": fingerprint(validation)}
    assert fingerprint(data._replace(validation=validation)) == expected


def test_a_fingerprint_covers_files_of_captions(data: CheckedData, tmp_path: Path) -> None:
    captions = tmp_path / "captions.jsonl"
    captions.write_text("{}")
    data.layout.sources = [captions]
    before = fingerprint(data)
    captions.write_text("{} ")
    assert fingerprint(data)["sha256"] != before["sha256"]
