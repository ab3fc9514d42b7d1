"""Importers: the interface of plugins that convert weights of other programs to runs.

An importer is chosen by the names and shapes of the tensors in a file. The first one converts it
that has the recipe of ``--recipe`` in its `recipes`, and returns True from `Importer.recognizes`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from translate.errors import printable_name

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ForeignWeights:
    """The tensors of a network in a file of another program."""

    path: Path
    """the file, which has been read"""
    tensors: Mapping[str, Tensor]
    """tensors on the CPU by key, without the prefixes ``module.`` and ``_orig_mod.`` of PyTorch.
    Importers get the whole file first, with keys of nested dictionaries joined as
    ``model/conv.weight``, then each dictionary, and each group of keys with one first component."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """other values of the file, by joined key"""
    network: str = ""
    """the dictionary or first component of keys, such as ``netG_A``; empty for the whole file"""

    @property
    def name(self) -> str:
        """The file and the network in it, for messages."""
        return printable_name(f"{self.path}, {self.network}" if self.network else str(self.path))


@dataclass(frozen=True, kw_only=True)
class ImportedModel:
    """The result of an importer; a checkpoint is made from it."""

    recipe: str
    """the name of a recipe"""
    options: Mapping[str, Any]
    """options of the recipe, such as ``{"generator": {"name": ..., "blocks": 9}}``"""
    tensors: Mapping[str, Tensor]
    """tensors by the keys of the recipe's ``state_dict``: all of a network, or none of an untrained
    one, which the command reports."""
    size: tuple[int, int] = (256, 256)
    """height and width of training crops"""
    channels: tuple[int, int] = (3, 3)
    """channels of input and output images"""
    notes: tuple[str, ...] = ()
    """assumptions about what the file does not contain, one line each"""


class Importer(Protocol):
    """Recognizes weights of another program, and converts them to those of a recipe.

    A plugin registers it by the hook ``register_importers``, as a class or function. Its keyword
    arguments are options, set by ``--set``, for what files do not contain; `recognizes` is called
    with their defaults.
    """

    recipes: Collection[str]
    """names of recipes that it converts to, for ``--recipe``. Empty: it recognizes networks that
    cannot be imported, and `convert` raises an error that names them."""

    def recognizes(self, weights: ForeignWeights) -> bool:
        """Return whether this importer converts weights with these keys and shapes; never raise."""
        ...

    def convert(
        self, weights: ForeignWeights, other: ForeignWeights | None, recipe: str | None
    ) -> ImportedModel:
        """Convert a network that `recognizes` accepted.

        Args:
            weights: The network.
            other: The network of the opposite direction, which `recognizes` also accepted.
            recipe: One of `recipes`, from ``--recipe``; None: any.

        Raises:
            CheckpointError: The network cannot be imported.
            ConfigError: `other` or `recipe` does not fit, or an option is required that the file
                does not contain; the message names it.
        """
        ...
