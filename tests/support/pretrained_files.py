"""A published weight file that third-party losses declare, and its content."""

import hashlib
import io
from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch import nn

from translate import hookimpl
from translate.weights import PretrainedFile


def saved_bytes(value: object) -> bytes:
    """Return what `torch.save` writes."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


WEIGHTS = saved_bytes({"weight": torch.zeros(2)})


def published_file(data: bytes = WEIGHTS, digits: int = 64) -> PretrainedFile:
    """Return the declaration of a file with content `data`, with `digits` digits of its hash."""
    return PretrainedFile(
        name="taste-v1.pth",
        network="Taste (Doe, 2020)",
        url="https://example.org/taste.pth",
        sha256=hashlib.sha256(data).hexdigest()[:digits],
        megabytes=3,
        licence="MIT",
    )


def register_losses(register_plugin: Callable[..., object]) -> PretrainedFile:
    """Register two losses that declare the file, and return it."""
    declared = published_file()

    class Taste(nn.Module):
        pretrained = (declared,)

    losses = hookimpl(lambda: {"taste": Taste, "smell": Taste})
    register_plugin(SimpleNamespace(register_losses=losses))
    return declared
