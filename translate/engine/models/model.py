"""A trained recipe as an `ImageModel` that PyTorch runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import default_collate

from translate.batches import ImageSpec, Pair
from translate.engine.checkpoints import contents, read
from translate.engine.checkpoints.references import hub
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.loading.device import batch_to_device
from translate.engine.models import calls
from translate.engine.models.image_model import ImageModel
from translate.engine.models.padding import padded_translation
from translate.engine.plugins.errors import plugin_code
from translate.engine.processes import distributed
from translate.engine.processes.threads import ThreadCount
from translate.errors import ConfigError
from translate.images.domains.levels import ClippedNumbers
from translate.images.layers import Pixels
from translate.images.tensors import from_device, network_input
from translate.nn.geometry import Geometry
from translate.nn.noise import temporary_seed
from translate.recipe import Recipe

if TYPE_CHECKING:
    from translate.engine.models.tile_options import TileOptions
    from translate.engine.models.tiles import Tiler


CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Model(ImageModel):
    """A trained recipe in evaluation mode."""

    recipe: Recipe
    device: torch.device = CPU
    threads: ThreadCount = field(default_factory=ThreadCount, compare=False, repr=False)

    @cached_property
    def geometry(self) -> Geometry:
        return self.recipe.geometry

    @property
    def domains(self) -> tuple[str, ...]:
        return target_domains(self.recipe, self.spec)

    def translates_back(self, to: str) -> bool:
        """Return whether the model also translates from the domain `to` to its source domain."""
        source, target = self.source_and_target(to)
        return source.name != target.name and source.name in self.recipe.targets(target.name)

    @property
    def translates(self) -> bool:
        """Whether the recipe translates images."""
        return self.recipe.overrides(Recipe.translate)

    @property
    def draws(self) -> bool:
        """Whether the recipe generates images from latents."""
        return self.recipe.overrides(Recipe.draw)

    @property
    def degrades_images(self) -> bool:
        """Whether the recipe degrades images to make inputs; the images are the ground truth."""
        return self.recipe.overrides(Recipe.ground_truth_pair)

    @contextmanager
    def degraded_pair(self, item: Any, seed: int) -> Iterator[Pair | None]:
        """Yield what the recipe makes of an item: an input (1, C, H, W) with its ground truth.

        In the block, the model is locked, and random numbers of PyTorch continue from `seed`.
        """
        batch = batch_to_device(default_collate([item]), self.device, self.spec)
        with self.lock, temporary_seed(seed):
            with plugin_code(self.recipe, "ground_truth_pair"), torch.no_grad():
                pair = self.recipe.ground_truth_pair(batch)
            yield pair

    @property
    def takes_mask(self) -> bool:
        return self.recipe.takes_mask

    @property
    def keeps_gray(self) -> bool:
        return self.recipe.keeps_gray

    @property
    def batch_size(self) -> int:
        return 8 if self.device.type == "cuda" else 1

    @property
    def supports_tiles(self) -> bool:
        return True

    @property
    def device_name(self) -> str:
        return str(self.device)

    def complete_options(
        self, options: Mapping[str, Any], other_names: Sequence[str] = ()
    ) -> dict[str, Any]:
        return calls.complete_options(self.recipe.translate, options, self.name, other_names)

    def choose_seed(self, seed: int | None) -> int | None:
        return calls.choose_seed(self.recipe.translate, seed, self.name)

    def tiler(
        self, to: str, options: Mapping[str, Any], seed: int | None, limits: TileOptions
    ) -> Tiler:
        from translate.engine.models.tiles import Tiler  # only here: few images need tiles

        return Tiler(self, to, options, seed, limits)

    def translate(
        self,
        images: Sequence[Pixels],
        to: str,
        *,
        dtypes: Sequence[str] = (),
        options: Mapping[str, Any] = {},
        seed: int | None = None,
        clipped: Sequence[ClippedNumbers] = (),
    ) -> list[NDArray[Any] | None]:
        source, target = self.source_and_target(to)
        tensors = [network_input(pixels, self.device, source) for pixels in images]
        with self.lock:
            output = translate_batch(
                self.recipe, torch.cat(tensors), to, options=options, seed=seed or 0
            )
        for image, counter in zip(output, clipped, strict=False):
            counter.add(image)
        are_finite = output.isfinite().flatten(1).all(1).tolist()
        dtypes = dtypes or [target.dtype] * len(images)
        rows = zip(output.nan_to_num().split(1), dtypes, are_finite, strict=True)
        return [from_device(row, target, t)[0] if finite else None for row, t, finite in rows]


def require_recipe(model: ImageModel) -> Model:
    """Return `model`; raises `ConfigError` for an exported model."""
    if not isinstance(model, Model):
        raise ConfigError(
            f"{model.name} is an exported model, which can only translate: expected the run "
            "itself, without --backend."
        )
    return model


def target_domains(recipe: Recipe, spec: ImageSpec) -> tuple[str, ...]:
    """Return the domains that `recipe` translates to."""
    targets = {target for source in spec.names for target in recipe.targets(source)}
    return tuple(name for name in spec.names if name in targets)


def load(reference: str | Path, *, device: str = "auto") -> tuple[Model, list[str]]:
    """Return the model of a reference such as ``RUN`` or ``RUN@best``, and messages.

    The messages say what is wrong with newer checkpoints, which were skipped. The model has the
    moving average of the weights if the checkpoint has it.
    """
    chosen_device = distributed.choose_device(device)
    path, problems = resolve(reference)
    checkpoint = read.read_checkpoint(path)
    with temporary_seed(0), read.memory_limit(checkpoint):
        recipe = read.rebuild_recipe(checkpoint)
    read.restore_weights(recipe, path, moving_average=True)
    recipe.eval().requires_grad_(False).to(chosen_device)
    data = checkpoint.config.data
    model = Model(
        hub.pin(reference, path),
        contents.digest_of(path),
        checkpoint.spec,
        data.domains,
        unscaled=data.resize == "none",
        recipe_name=checkpoint.config.recipe,
        step=checkpoint.step,
        recipe=recipe,
        device=chosen_device,
    )
    return model, problems


def translate_batch(
    recipe: Recipe,
    batch: Tensor,
    to: str,
    *,
    options: Mapping[str, Any] = {},
    seed: int = 0,
) -> Tensor:
    """Return the translation of (N, C, H, W) images in [-1, 1] to the domain `to`.

    Images are padded as by `padded_translation`. A recipe that takes noise gets the noise of the
    unpadded images, which depends on `seed`.
    """
    keywords = dict(options)
    if calls.takes_noise(recipe.translate):
        keywords["noise"] = calls.noise_for(batch, seed)
    with torch.inference_mode():
        return padded_translation(recipe, batch, to, keywords)
