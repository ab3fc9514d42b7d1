"""Entry point of `translate`, `python -m translate` and `torchrun -m translate`."""

import atexit
import gc
import sys


def main() -> None:
    """Run the command; Ctrl-C during its import has the same exit code as later."""
    atexit.register(
        gc.freeze
    )  # saves the half second in which Python collects PyTorch's objects at exit
    try:
        from translate.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
