"""`datasets check` reports the types, ranges and saturation of the images of each domain."""

from pathlib import Path

import numpy as np
from encoded_arrays import write_array

from translate.engine.config.schema import Data
from translate.insight.dataset import check_images


def messages(data: Data) -> list[str]:
    return [finding.message for finding in check_images(data)]


def test_type_range_channels_unit_and_saturation_are_reported(tmp_path: Path) -> None:
    pixels = np.linspace(-2000, 3000, 64).reshape(8, 8).astype(np.int16)
    for domain in "ab":
        write_array(tmp_path / f"{domain}/train/0.npy", pixels)
    data = Data(
        root=tmp_path, domains=("a", "b"), size=8, range={"a": (-1024, 3071)}, units={"a": "HU"}
    )
    lines = messages(data)
    assert {
        "a: 1 channel of int16, values from -2000 to 3000 HU; -1024 is black and 3071 white",
        "20.3 % of a below -1024",
        "b: 1 channel of int16, values from -2000 to 3000; -32768 is black and 32767 white",
    } <= {*lines}


def test_mixed_depths_are_reported(tmp_path: Path) -> None:
    write_array(tmp_path / "a/train/0.png", np.zeros((8, 8, 3), np.uint8))
    write_array(tmp_path / "a/train/1.png", np.ones((8, 8, 3), np.uint8))
    write_array(tmp_path / "a/train/2.png", np.zeros((8, 8, 3), np.uint16))
    write_array(tmp_path / "b/train/0.png", np.zeros((8, 8, 3), np.uint8))
    lines = messages(Data(root=tmp_path, domains=("a", "b"), size=8))
    assert "a: 2 uint8, 1 uint16" in lines


def test_a_range_that_is_much_too_wide_is_a_note_with_the_range_to_set(tmp_path: Path) -> None:
    for domain in "ab":
        write_array(tmp_path / f"{domain}/train/0.npy", np.arange(64, dtype="i2").reshape(8, 8))
    lines = messages(Data(root=tmp_path, domains=("a", "b"), size=8))
    assert any('--set "data.range={a: [0, 63]}"' in line for line in lines)
