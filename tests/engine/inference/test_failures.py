"""What a failed translation says."""

import errno
from pathlib import Path

from translate.engine.inference.failures import translation_problem
from translate.errors import ConfigError


def test_too_little_memory_names_the_option_for_tiles() -> None:
    problem = translation_problem(Path("a.tif"), Path("out/a.tif"), (20, 30), MemoryError())
    assert problem.reason == "memory"
    assert (
        "not enough memory for 30x20 pixels: translate them in tiles with --tile" in problem.message
    )


def test_an_error_of_ours_is_its_own_message() -> None:
    problem = translation_problem(
        Path("a.tif"), Path("out/a.tif"), (20, 30), ConfigError("tile: 16 is too small")
    )
    assert (problem.reason, problem.message) == ("failed", "tile: 16 is too small")


def test_a_full_disk_names_the_output() -> None:
    error = OSError(errno.ENOSPC, "No space left on device: it takes 7.0 GB of scratch files")
    problem = translation_problem(Path("a.tif"), Path("out/a.tif"), (20, 30), error)
    assert (problem.stage, problem.reason) == ("write", "ENOSPC")
    assert problem.message.startswith("out/a.tif: No space left on device: it takes 7.0 GB")
