"""Run the command, for `translate`, `python -m translate` and `torchrun -m translate`."""

import atexit
import gc
import sys


def main() -> None:
    """Run the command; Ctrl-C while it is imported ends it as later."""
    atexit.register(gc.freeze)  # else Python collects PyTorch's objects at exit, for half a second
    try:
        from translate.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
