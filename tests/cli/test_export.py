"""`translate export`: the file, the differences that are printed, and --quiet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import small_checkpoints


def test_the_differences_at_two_sizes_are_printed(
    run_command: Callable[..., Any], tmp_path: Path
) -> None:
    small_checkpoints.cyclegan(tmp_path / "run")
    result = run_command("export", "run", "model.pt2")
    assert (result.code, result.err) == (0, "")
    assert result.out.count("largest difference from PyTorch at ") == 2
    again = run_command("export", "run", "model.pt2", "--quiet")
    assert again.code == 2
    assert again.err == ("Error: model.pt2 already exists: choose another name, or delete it.\n")
