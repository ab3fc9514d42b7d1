"""Run folders with a real checkpoint of tiny untrained networks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from specs import image_spec

from translate.batches import Domain
from translate.engine.checkpoints import write
from translate.engine.checkpoints.state import ModelState
from translate.engine.config import layers
from translate.engine.system.randomness import seed_everything
from translate.registry import create

RESNET = {"name": "resnet", "width": 4, "blocks": 1, "downsamplings": 1}
UNET = {"name": "unet", "width": 4, "levels": 5}
PATCH = {"name": "patch", "width": 4}
MLP = {"name": "mlp", "width": 8}


def write_run(
    path: Path,
    recipe: str,
    *,
    domains: Sequence[str] = ("summer", "winter"),
    options: Mapping[str, Any] | None = None,
    size: int = 32,
    channels: tuple[int, ...] = (3,),
    seed: int = 0,
    step: int = 1,
    data: Mapping[str, Any] | None = None,
    kinds: Sequence[Domain] = (),
    **attributes: Any,
) -> Path:
    """Write a checkpoint into the run folder `path`, and return the folder.

    `data` are other settings of the section data, `kinds` are domains in place of photographic
    ones, and `attributes` of the image spec are `classes`, `text_length` or `sides`.
    """
    seed_everything(seed)
    domains = [kind.name for kind in kinds] or domains
    settings = {"domains": list(domains), "size": size, **(data or {})}
    flags = {f"data.{key}": value for key, value in settings.items()}
    flags |= {f"options.{key}": value for key, value in (options or {}).items()}
    config = layers.resolve(recipe, flags={**flags, "train.steps": 1})
    spec = image_spec((size, size), domains, *channels, **attributes)
    spec = replace(spec, domains=(*kinds,)) if kinds else spec
    model = create("recipe", {"name": config.recipe, **config.options}, spec=spec)
    write.save(path, ModelState(config, spec, model, step=step))
    return path


def cyclegan(path: Path, *, identity_weight: float = 5.0, **settings: Any) -> Path:
    """Write the run of a tiny CycleGAN."""
    networks = {"generator": RESNET, "discriminator": PATCH}
    options = {**networks, "identity_weight": identity_weight}
    return write_run(path, "cyclegan", options=options, **settings)


def pix2pix(path: Path, **settings: Any) -> Path:
    """Write the run of a tiny pix2pix; its U-Net has batch norm and dropout."""
    options = {"generator": UNET, "discriminator": PATCH}
    return write_run(path, "pix2pix", options=options, **settings)


def gan(path: Path, recipe: str = "gan", **settings: Any) -> Path:
    """Write the run of a tiny GAN of gray 8x8 images."""
    options = {"generator": MLP, "discriminator": MLP, "latent_dim": 4}
    defaults = {"domains": ("digits",), "options": options, "size": 8, "channels": (1,)}
    return write_run(path, recipe, **{**defaults, **settings})


def cgan(path: Path, **settings: Any) -> Path:
    """Write the run of a tiny conditional GAN of three classes."""
    return gan(path, "cgan", classes=("zero", "one", "two"), **settings)
