"""What ``problems.jsonl`` lists for an image that could not be translated."""

import errno
from pathlib import Path

from translate.engine.disk.records.problems import Problem
from translate.engine.inference.failures import translation_problem
from translate.errors import ConfigError


def problem_of(error: BaseException) -> Problem:
    return translation_problem(Path("a.tif"), Path("out/a.tif"), (20, 30), error)


def test_a_lack_of_memory_names_the_option_for_tiles() -> None:
    problem = problem_of(MemoryError())
    assert problem.reason == "memory"
    assert "memory for 30x20 pixels: translate them in tiles with --tile" in problem.message


def test_the_message_of_a_translate_error_is_kept() -> None:
    problem = problem_of(ConfigError("tile: 16 is too small"))
    assert (problem.reason, problem.message) == ("failed", "tile: 16 is too small")


def test_a_full_disk_names_the_output() -> None:
    problem = problem_of(OSError(errno.ENOSPC, "No space left on device: it takes 7.0 GB"))
    assert (problem.stage, problem.reason) == ("write", "ENOSPC")
    assert problem.message.startswith("out/a.tif: No space left on device: it takes 7.0 GB")
