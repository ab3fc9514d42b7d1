"""Build the recipe, its optimizers and the moving average of its weights."""

from collections.abc import Iterable, Mapping
from functools import partial

import torch
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from translate.batches import ImageSpec
from translate.engine.checkpoints.state import TrainingState
from translate.engine.checks.shapes import check_crop_geometry
from translate.engine.config.schema import Config
from translate.engine.optimization.networks.checkpointing import checkpoint_blocks
from translate.engine.optimization.networks.memory_format import use_channels_last
from translate.engine.optimization.networks.meta import construct_on_meta, fill_
from translate.engine.optimization.networks.sharding import expect_processes, shard_networks
from translate.engine.plugins.errors import definition_location, plugin_code, qualified_name
from translate.engine.processes import distributed
from translate.engine.system.randomness import seed_everything
from translate.errors import ConfigError, PluginError, suggest
from translate.recipe import Recipe
from translate.registry import create_recipe


def build_training(
    config: Config, spec: ImageSpec, device: torch.device, located: Mapping[str, str] = {}
) -> TrainingState:
    """Return the recipe with initial weights, its optimizers and its moving average.

    The initial weights depend only on the seed.

    Args:
        config: The configuration of the run.
        spec: The images that the recipe gets.
        device: The device of the weights.
        located: Paths of options that are files, for the files that were moved away from the paths
            in `config`.

    Raises:
        ConfigError: Settings do not match the recipe.
        PluginError: The recipe returns no valid optimizers.
    """
    expect_processes(config.train)
    seed_everything(config.train.seed)
    options = {"name": config.recipe, **config.options, **located}
    create = partial(create_recipe, options, spec=spec)
    sharded = config.train.shard != "none"
    # without values, which `fill_` adds shard by shard; None: the recipe needs values
    meta_recipe = construct_on_meta(create) if sharded else None
    recipe = create() if meta_recipe is None else meta_recipe
    check_crop_geometry(config, recipe)
    recipe.train()
    if meta_recipe is None:
        recipe.to(device)
        distributed.broadcast_(recipe)
    if config.train.channels_last:
        use_channels_last(recipe)
    average = None
    if config.train.ema:
        average = AveragedModel(recipe, multi_avg_fn=get_ema_multi_avg_fn(config.train.ema))
    copies = [average.module] if average else []
    if sharded:
        shard_networks(recipe, *copies, device=device)
    if meta_recipe is not None:
        initial_values = create() if distributed.is_first() else None
        fill_(recipe, *copies, values=initial_values, device=device)
    with plugin_code(recipe, "optimizers"):
        optimizers = recipe.optimizers()
    _expect_optimizers(recipe, optimizers)
    _expect_players(config, optimizers)
    if config.train.checkpointing and not checkpoint_blocks(recipe):
        raise ConfigError(
            f"train.checkpointing: no network of {config.recipe} has repeated blocks, so it would "
            "save no memory: expected false."
        )
    if config.train.compile:
        recipe.compile()
    seed_everything(config.train.seed + distributed.rank())
    return TrainingState(config, spec, recipe, average, optimizers=optimizers)


def _expect_optimizers(recipe: Recipe, optimizers: object) -> None:
    """Raise `PluginError` unless `optimizers` maps names of players to torch optimizers."""
    players = optimizers if isinstance(optimizers, Mapping) else {}
    if not players or not all(isinstance(each, Optimizer) for each in players.values()):
        kinds = {name: type(each).__name__ for name, each in players.items()}
        actual_type = f"a dict of {kinds}" if kinds else f"{type(optimizers).__name__}"
        raise PluginError(
            f"{qualified_name(recipe, 'optimizers')} returned {actual_type}: expected "
            "a dict with a torch optimizer for each player, such as {'generator': adam(network)}."
            f"{definition_location(recipe, 'optimizers')}"
        )


def _expect_players(config: Config, players: Iterable[str]) -> None:
    """Raise `ConfigError` if a setting names a player that the recipe does not have."""
    for key in ("schedule", "clip_norm"):
        setting = getattr(config.train, key)
        for name in setting if isinstance(setting, Mapping) else ():
            if name not in players:
                raise ConfigError(
                    f"train.{key}: {config.recipe} has no player {name!r}."
                    f"{suggest(name, players)} Its players: {', '.join(sorted(players))}."
                )
