"""Importers: what a plugin implements so that weights of other programs become runs.

An importer is chosen by the names and shapes of the tensors in a file: the first whose
`Importer.recognizes` returns True, and that knows the recipe given to ``--recipe``, converts it.
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
    """The tensors of a network in a file that another program wrote."""

    path: Path
    """the file; it is read already"""
    tensors: Mapping[str, Tensor]
    """by key, on the CPU, without the prefixes ``module.`` and ``_orig_mod.``, which PyTorch adds
    to all keys. An importer is asked about a whole file, with nested dictionaries joined as
    ``model/conv.weight``, and then about each dictionary and each common start of keys in it."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """the numbers and texts of the file, by joined key"""
    network: str = ""
    """the dictionary or the start of keys in the file, such as ``netG_A``; empty for all of it"""

    @property
    def name(self) -> str:
        """The file, and the network in it, in a line for messages."""
        return printable_name(f"{self.path}, {self.network}" if self.network else str(self.path))


@dataclass(frozen=True, kw_only=True)
class ImportedModel:
    """What a checkpoint is made of."""

    recipe: str
    """the name of a recipe"""
    options: Mapping[str, Any]
    """its options, such as ``{"generator": {"name": ..., "blocks": 9}}``"""
    tensors: Mapping[str, Tensor]
    """by the keys of the recipe's ``state_dict``. Each network is there whole or not at all; one
    that is not there is left untrained, which the command says."""
    size: tuple[int, int] = (256, 256)
    """height and width of a training crop"""
    channels: tuple[int, int] = (3, 3)
    """channels of the images that go in and come out"""
    notes: tuple[str, ...] = ()
    """what the file does not say, and what was assumed; one line each"""


class Importer(Protocol):
    """Recognizes weights of another program, and converts them to those of a recipe.

    A plugin offers an importer by the hook ``register_importers`` as a class or function. Its
    keyword arguments are options for what a file does not say, and are set by ``--set``; it
    recognizes files with their defaults.
    """

    recipes: Collection[str]
    """the recipes of its runs, for ``--recipe``. Empty: it recognizes networks that cannot be
    imported, and `convert` refuses them by name."""

    def recognizes(self, weights: ForeignWeights) -> bool:
        """Return whether the keys and shapes of `weights` are of this kind; raise nothing."""
        ...

    def convert(
        self, weights: ForeignWeights, other: ForeignWeights | None, recipe: str | None
    ) -> ImportedModel:
        """Return the model of a file that `recognizes` accepted.

        Args:
            weights: The network.
            other: That of the opposite direction, which `recognizes` accepted too.
            recipe: One of `recipes`, given to ``--recipe``; None: the importer chooses.

        Raises:
            CheckpointError: The network cannot be imported.
            ConfigError: `other` or `recipe` does not fit, or the file does not say enough: name the
                option that does.
        """
        ...
