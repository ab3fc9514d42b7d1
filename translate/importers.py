"""Importers: what a plugin implements so that weights of other programs become runs.

An importer is chosen by the names and shapes of the tensors in a file: the first whose
`Importer.recognizes` returns True converts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ForeignWeights:
    """The tensors of a file that another program wrote."""

    path: Path
    """the file; it is read already"""
    tensors: Mapping[str, Tensor]
    """by key, on the CPU. Nested dictionaries are joined: ``model/conv.weight``. The prefixes
    ``module.`` and ``_orig_mod.``, which PyTorch adds to all keys, are removed."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """the numbers and texts next to the tensors, by joined key"""


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
    """channels of the images that go in and come out: 1 or 3"""
    notes: tuple[str, ...] = ()
    """what the file does not say, and what was assumed; one line each"""


class Importer(Protocol):
    """Recognizes weights of another program, and converts them to those of a recipe.

    A plugin offers an importer by the hook ``register_importers`` as a class or function without
    arguments.
    """

    def recognizes(self, weights: ForeignWeights) -> bool:
        """Return whether the keys and shapes of `weights` are of this kind; raise nothing."""
        ...

    def convert(
        self, weights: ForeignWeights, other: ForeignWeights | None, recipe: str | None
    ) -> ImportedModel:
        """Return the model of a file that `recognizes` accepted.

        Args:
            weights: The file.
            other: The file of ``--other``, which has the opposite direction.
            recipe: The name given to ``--recipe``; None: the importer chooses one.

        Raises:
            ConfigError: The file has parts that no recipe has, `recipe` does not fit, or the file
                does not say enough to choose one.
        """
        ...
