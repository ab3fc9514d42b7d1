"""Exit codes of commands in this process."""

import pytest

from translate.cli import main


def exit_code(*arguments: object) -> int:
    """Run `translate` with these arguments in this process, and return its exit code."""
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return int(end.value.code or 0)
