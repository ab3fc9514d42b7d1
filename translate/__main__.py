"""Let `python -m translate` and `torchrun -m translate` run the command."""

from translate.cli import main

if __name__ == "__main__":
    main()
