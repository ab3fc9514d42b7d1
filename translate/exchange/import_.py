"""Make a run of weights that another program wrote."""

import logging
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from translate.batches import Domain, ImageSpec
from translate.engine.checkpoints import write
from translate.engine.checkpoints.state import ModelState
from translate.engine.checkpoints.untrusted import MemoryLimit
from translate.engine.config import layers, schema, yaml
from translate.engine.disk import files, folders
from translate.engine.plugins.errors import plugin_code
from translate.errors import CheckpointError, ConfigError, SaveError, printable_name
from translate.exchange.foreign import read_weights
from translate.importers import ForeignWeights, ImportedModel, Importer
from translate.nn.noise import seeded
from translate.recipe import Recipe
from translate.registry import create, create_recipe, names
from translate.weights import hash_file

DOMAINS = ("source", "target")
"""names of the domains of an imported model; its file has none"""
MAX_LISTED = 5
"""keys that a message names"""

logger = logging.getLogger(__name__)


def import_weights(
    file: Path, out: Path, *, other: Path | None = None, recipe: str | None = None
) -> Path:
    """Write the run of a file of weights; it has a checkpoint that infers and is not resumed.

    Args:
        file: The weights, read without running code from them.
        out: The folder of the run, which must not hold one.
        other: The weights of the opposite direction.
        recipe: The name of the recipe; None: the importer chooses.

    Returns:
        The folder of the checkpoint.

    Raises:
        CheckpointError: A file is damaged, or no importer recognizes it.
        ConfigError: The importer refuses what it was given, or `out` already exists.
        SaveError: `out` cannot be written to.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} already exists: choose another folder with --out.")
    name, importer, weights = _recognized(file)
    opposite = read_weights(other) if other else None
    if opposite:
        with plugin_code(importer, "recognizes"):
            known = importer.recognizes(opposite)
        if not known:
            raise CheckpointError(_unknown(opposite, [name]))
    with plugin_code(importer, "convert"):
        imported = importer.convert(weights, opposite, recipe)
    model, untrained = build(imported, file)
    folders.ensure_writable(out)
    origin = {str(path): hash_file(path) for path in (file, other) if path}
    try:
        files.replace(out / "config.yaml", yaml.dump(model.config).encode())
        files.replace_json(out / "run.json", {"importer": name, "imported": origin})
    except OSError as error:
        raise SaveError(f"could not write to {out}: {error.strerror or error}.") from error
    path = write.save(out, model)
    logger.info(f"{file}: recognized by the importer {name}, recipe {imported.recipe}")
    for note in imported.notes:
        logger.info(note)
    if untrained:
        logger.info(f"not in the file, and so untrained: {', '.join(untrained)}")
    return path


def _recognized(file: Path) -> tuple[str, Importer, ForeignWeights]:
    """Return the first importer that recognizes a file, with its name and the file's weights."""
    weights, tried = read_weights(file), names("importer")
    for name in tried:
        importer: Importer = create("importer", name)
        with plugin_code(importer, "recognizes"):
            if importer.recognizes(weights):
                return name, importer, weights
    raise CheckpointError(_unknown(weights, tried))


def _unknown(weights: ForeignWeights, tried: Mapping[str, object] | list[str]) -> str:
    shapes = [f"{key} {tuple(tensor.shape)}" for key, tensor in weights.tensors.items()]
    listed = printable_name(", ".join(shapes[:MAX_LISTED]))
    more = f" and {len(shapes) - MAX_LISTED} more" if len(shapes) > MAX_LISTED else ""
    return (
        f"no importer recognizes {weights.path}: it has {listed}{more}. Tried: "
        f"{', '.join(tried)}. A plugin can add an importer: see plugins/README.md."
    )


def build(imported: ImportedModel, file: Path) -> tuple[ModelState, list[str]]:
    """Return the model of what an importer returned, and its networks that are untrained.

    Raises:
        CheckpointError: The tensors do not fit the recipe with these options.
        ConfigError: The recipe or an option does not exist, or images have other channels.
    """
    if not {*imported.channels} <= {1, 3}:
        before, after = imported.channels
        raise ConfigError(
            f"{file}: images of {before} channels become images of {after}: expected 1 or 3."
        )
    config = _config(imported)
    domains = tuple(map(Domain, DOMAINS, imported.channels))
    spec = ImageSpec(imported.size, domains)
    with seeded(0), MemoryLimit(file):
        recipe = create_recipe({"name": config.recipe, **config.options}, spec=spec)
    return ModelState(config, spec, recipe), _load(recipe, imported.tensors, file)


def _config(imported: ImportedModel) -> schema.Config:
    flags = {
        "data.domains": DOMAINS,
        "data.size": imported.size,
        "data.channels": dict(zip(DOMAINS, imported.channels, strict=True)),
        **{f"options.{name}": value for name, value in imported.options.items()},
    }
    return layers.resolve(imported.recipe, flags=flags)


def _load(recipe: Recipe, tensors: Mapping[str, Tensor], file: Path) -> list[str]:
    """Load `tensors` into `recipe`; return its networks of which no tensor is there."""
    own = recipe.state_dict()
    networks = {key.partition(".")[0] for key in tensors}
    wrong = [f"{key} is unknown" for key in tensors if key not in own]
    wrong += [
        f"{key} is missing"
        for key in own
        if key.partition(".")[0] in networks and key not in tensors
    ]
    wrong += [
        f"{key} is {tuple(tensor.shape)} instead of {tuple(own[key].shape)}"
        for key, tensor in tensors.items()
        if key in own and own[key].shape != tensor.shape
    ]
    if wrong:
        more = f"; and {len(wrong) - MAX_LISTED} more" if len(wrong) > MAX_LISTED else ""
        raise CheckpointError(
            f"{file} does not fit {type(recipe).__name__}: "
            f"{printable_name('; '.join(wrong[:MAX_LISTED]))}{more}."
        )
    recipe.load_state_dict(tensors, strict=False)
    return list(
        dict.fromkeys(k.partition(".")[0] for k in own if k.partition(".")[0] not in networks)
    )
