"""Groups from parts of paths: files without a group are counted, and splits are compared."""

from collections.abc import Callable
from pathlib import Path

import pytest

from translate.engine.config.schema import Data
from translate.engine.data.check import open_layout
from translate.engine.splits.groups import shared_groups, ungrouped_warnings
from translate.errors import ConfigError


def test_files_without_a_group_are_counted_with_an_example(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    image_folder("a", 3, size=4)
    data = Data(root=tmp_path, domains=("a",), layout="images", groups="(000[12])")
    assert ungrouped_warnings(open_layout(data), data) == [
        "data.groups: 1 of 3 files have no match of '(000[12])', the first is 0000.png: each is "
        "its own group"
    ]
    data = data.model_copy(update={"groups": "(P9)"})
    with pytest.raises(ConfigError, match=r"'\(P9\)' matches not one of 3 paths, such as '0000"):
        ungrouped_warnings(open_layout(data), data)


def test_groups_of_two_splits_are_compared() -> None:
    data = Data(domains=("a",), groups=r"(P\d)")
    assert shared_groups(["P1_a", "P2_a", "x"], ["P2_b", "x"], data) == ["P2"]
