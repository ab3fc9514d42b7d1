"""Names of devices."""

import re

DEVICES = "auto, cpu, cuda or cuda:N"


def is_device(name: str) -> bool:
    """Return whether `name` is one of `DEVICES`; PyTorch has others, which we do not support."""
    return re.fullmatch(r"auto|cpu|cuda(:(0|[1-9][0-9]?))?", name) is not None
