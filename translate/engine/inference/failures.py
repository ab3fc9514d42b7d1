"""The problem that ``problems.jsonl`` lists for an image if its translation raised an exception."""

import errno
from pathlib import Path

from translate.engine.disk.records.problems import FAILED, Problem
from translate.engine.models.tile_options import DEFAULT_TILE, NotFiniteError
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.system.memory import is_out_of_memory
from translate.errors import BadImage, TranslateError


def translation_problem(
    path: Path, output: Path, size: tuple[int, int], error: BaseException
) -> Problem:
    """Return the problem of the image `path` if its translation to `output` raised `error`.

    `size` is the height and width of the network's input.
    """
    if isinstance(error, BadImage):
        return Problem.of(error, "read")
    if isinstance(error, OSError):
        code = errno.errorcode.get(error.errno or 0, "OSError")
        return Problem(path, "write", code, f"{output}: {error.strerror or error}")
    if isinstance(error, NotFiniteError):
        return Problem(path, "translate", "not finite", "the translation is not finite")
    if isinstance(error, TranslateError):
        return Problem(path, "translate", FAILED, str(error))
    if isinstance(error, Exception) and is_out_of_memory(error):
        message = (
            f"not enough memory for {size[1]}x{size[0]} pixels: translate them in tiles with "
            f"--tile {DEFAULT_TILE}, or scale them down with --size"
        )
        return Problem(path, "translate", "memory", message)
    return Problem(path, "translate", FAILED, describe_unexpected(error))
