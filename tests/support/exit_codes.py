"""Exit codes of commands in this process."""

import pytest

from translate.cli import main


def exit_code(*arguments: str) -> int:
    """Run the command as a user does, and return its exit code."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return int(end.value.code or 0)
