"""Import weights of another program as a run, for inference or fine-tuning."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from translate.batches import Domain, ImageSpec
from translate.engine.checkpoints import write
from translate.engine.checkpoints.state import ModelState
from translate.engine.checkpoints.untrusted import MemoryLimit
from translate.engine.config import layers, schema, yaml_text
from translate.engine.disk import files, folders
from translate.engine.plugins.errors import plugin_code
from translate.errors import CheckpointError, ConfigError, SaveError, printable_name, short_repr
from translate.exchange.card import Origin, format_card
from translate.exchange.recognition import MAX_LISTED, recognize
from translate.importers import ImportedModel
from translate.nn.noise import temporary_seed
from translate.recipe import Recipe
from translate.registry import create_recipe
from translate.weights import hash_file

DOMAINS = ("source", "target")
"""default names of the domains, which files of weights do not have"""

logger = logging.getLogger(__name__)


def import_weights(
    file: Path,
    out: Path,
    *,
    other: Path | None = None,
    recipe: str | None = None,
    domains: tuple[str, str] = DOMAINS,
    networks: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Path:
    """Write a run with the weights of a file, for inference; it cannot be resumed.

    Args:
        file: The file of weights; no code from it is run.
        out: The run folder to write; it must be empty or missing.
        other: The file of weights of the opposite direction.
        recipe: The name of the recipe; None: the importer chooses.
        domains: Names of the source and the target domain of `file`.
        networks: Names of networks in the file, the second for the opposite direction.
        options: Options of the importer.

    Returns:
        The folder of the checkpoint.

    Raises:
        CheckpointError: A file is damaged, no importer recognizes it, or it has no generator.
        ConfigError: An option does not fit the file, or `out` already exists.
        SaveError: `out` cannot be written to.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} already exists: choose another folder with --out.")
    _check_names(domains)
    options = options or {}
    match = recognize(file, other=other, recipe=recipe, networks=networks, options=options)
    with plugin_code(match.importer, "convert"):
        imported = match.importer.convert(match.weights, match.other, recipe)
    model, untrained = build(imported, file, domains)
    origins = [Origin(file, match.weights.network, domains)]
    if match.other:
        opposite = (domains[1], domains[0])
        origins.append(Origin(match.other.path, match.other.network, opposite))
    record = {
        "importer": match.name,
        "imported": {str(origin.path): hash_file(origin.path) for origin in origins},
        "networks": [origin.network for origin in origins],
        "options": yaml_text.to_yaml_types(options),
        "notes": list(imported.notes),
    }
    folders.ensure_writable(out)
    card = format_card(out, match.name, options, imported, origins, untrained)
    try:
        files.replace(out / "config.yaml", yaml_text.dump(model.config).encode())
        files.replace_json(out / "run.json", record)
        files.replace(out / "README.md", card.encode())
    except OSError as error:
        raise SaveError(f"could not write to {out}: {error.strerror or error}.") from error
    path = write.save(out, model)
    logger.info(
        f"{match.weights.name}: recognized by the importer {match.name}, recipe {imported.recipe}"
    )
    for note in imported.notes:
        logger.info(f"assumed: {note}")
    if untrained:
        logger.info(f"untrained, because not in the file: {', '.join(untrained)}")
    if match.ignored:
        more = f" and {n} more" if (n := len(match.ignored) - MAX_LISTED) > 0 else ""
        logger.info(f"ignored in the file: {', '.join(match.ignored[:MAX_LISTED])}{more}")
    return path


def _check_names(domains: tuple[str, str]) -> None:
    """Raise `ConfigError` unless `domains` are two different names of folders."""
    for name in domains:
        if not (name.isprintable() and name.strip() and Path(name).name == name != ".."):
            raise ConfigError(
                f"--domains: expected the name of a folder, such as photo, got {short_repr(name)}."
            )
    if domains[0] == domains[1]:
        raise ConfigError(f"--domains: expected two names, got {domains[0]!r} twice.")


def build(
    imported: ImportedModel, file: Path, domains: tuple[str, str] = DOMAINS
) -> tuple[ModelState, list[str]]:
    """Return the model of an imported file, and names of networks that the file does not have.

    Raises:
        CheckpointError: The tensors do not fit the recipe with these options.
        ConfigError: The recipe or an option does not exist, or these channels are not supported.
    """
    try:
        config = _config(imported, domains)
    except ConfigError as error:
        in_channels, out_channels = imported.channels
        raise ConfigError(
            f"{file} ({in_channels} input and {out_channels} output channels): {error}"
        ) from error
    spec = ImageSpec(imported.size, tuple(map(Domain, domains, imported.channels)))
    with temporary_seed(0), MemoryLimit(file):  # networks larger than the file do not fit it
        recipe = create_recipe({"name": config.recipe, **config.options}, spec=spec)
    return ModelState(config, spec, recipe), _load(recipe, imported.tensors, file)


def _config(imported: ImportedModel, domains: tuple[str, str]) -> schema.Config:
    """Return the configuration of an imported model."""
    flags = {
        "data.domains": domains,
        "data.size": imported.size,
        "data.channels": dict(zip(domains, imported.channels, strict=True)),
        **{f"options.{name}": value for name, value in imported.options.items()},
    }
    return layers.resolve(imported.recipe, flags=flags)


def _load(recipe: Recipe, tensors: Mapping[str, Tensor], file: Path) -> list[str]:
    """Load `tensors` into `recipe`; return the names of its networks without tensors."""
    expected = recipe.state_dict()
    networks = {_network(key) for key in tensors}
    problems = [f"{printable_name(key)} is unknown" for key in tensors if key not in expected]
    problems += [
        f"{key} is missing" for key in expected if _network(key) in networks and key not in tensors
    ]
    problems += [
        f"{key} has the shape {tuple(tensor.shape)} instead of {tuple(expected[key].shape)}"
        for key, tensor in tensors.items()
        if key in expected and expected[key].shape != tensor.shape
    ]
    if problems:
        more = f"; and {len(problems) - MAX_LISTED} more" if len(problems) > MAX_LISTED else ""
        raise CheckpointError(
            f"{file} does not fit {type(recipe).__name__}: "
            f"{'; '.join(problems[:MAX_LISTED])}{more}."
        )
    recipe.load_state_dict(tensors, strict=False)
    return [name for name in dict.fromkeys(map(_network, expected)) if name not in networks]


def _network(key: str) -> str:
    """Return the name of the network that has the tensor `key`, the first component of the key."""
    return key.partition(".")[0]
