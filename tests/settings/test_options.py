"""Every option of a recipe that a fork changes takes effect or is refused.

Options are read from the recipes, so that new ones are tested, too.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest

from translate.contract.kinds import small_options
from translate.contract.recipes.subject import CPU, RecipeSubject, make_subject
from translate.engine.checkpoints import read, write
from translate.engine.checkpoints.read import Checkpoint
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import schema
from translate.engine.config.diff import resumed_config
from translate.engine.optimization.build import build_training
from translate.engine.optimization.step import take_step
from translate.engine.system import signatures
from translate.engine.system.signatures import Option
from translate.engine.training.monitoring.preview import draw_preview
from translate.errors import CheckpointError, ConfigError
from translate.registry import create_loss, find, names

RECIPES = sorted(names("recipe"))
SAMPLED = {"gan", "wgan"}
"""recipes that are always tested"""
BEFORE, AFTER = 6, 6
"""numbers of steps: a generator may wait for five turns of its critic"""
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "deblurgan": {"pixel_weight": 1.0},
    "inpaint": {"content_weight": 0.1},
    "restore": {"content_weight": 0.1, "adversarial_weight": 0.1},
}
"""weights that are 0 by default, without which other options have no effect"""


def stages(config: schema.Config, subject: RecipeSubject, checkpoint: Checkpoint) -> Iterator[Any]:
    """Fork the run of `checkpoint`, and yield its observable values in order."""
    training = build_training(config, subject.spec, CPU)
    read.restore(training, checkpoint)
    yield structure(training)
    for _ in range(AFTER):
        result = take_step(training, subject.batch(training.step), 100)
        yield {name: float(value) for name, value in (result.losses | result.norms).items()}
    rows = draw_preview(training, subject.batch(0))
    yield {name: float(row.double().sum()) for name, row in rows.items()}


def structure(training: TrainingState) -> Any:
    """Return the optimizers' groups, and the shapes of all saved tensors."""
    groups = {
        player: repr([{**group, "params": len(group["params"])} for group in o.param_groups])
        for player, o in training.optimizers.items()
    }
    saved = training.recipe.state_dict() | training.recipe.training_state()
    return groups, {name: tuple(tensor.shape) for name, tensor in saved.items()}


def candidates(option: Option, current: Any) -> Iterator[Any]:
    """Yield other values for `option`, with the value `current`."""
    if isinstance(current, bool):
        yield not current
    elif literals := literals_of(option.annotation):
        yield from (value for value in literals if value != current)
    elif isinstance(current, int):
        yield from (current + 1, max(1, current // 2), 2 * current, current + 7, 1)
    elif isinstance(current, float):
        yield from (current * 3 + 0.01, current / 3, 0.5, 1.0)
    elif isinstance(current, (tuple, list)) and current and isinstance(current[0], float):
        yield [value / 2 for value in current]
    elif isinstance(current, (tuple, list)):
        yield [{k: v if isinstance(v, str) else v * 2 for k, v in item.items()} for item in current]
    else:
        name = current if isinstance(current, str) else current["name"]
        for kind in ("generator", "discriminator", "loss"):
            if name in names(kind):  # type: ignore[arg-type]
                for other in sorted(names(kind)):  # type: ignore[arg-type]
                    own = small_options(kind, other) if kind != "loss" else {}  # type: ignore[arg-type]
                    if other != name and (
                        kind != "loss" or is_adversarial(other) == is_adversarial(name)
                    ):
                        yield {"name": other, **own}
        for key, value in current.items() if isinstance(current, Mapping) else ():
            if isinstance(value, int) and not isinstance(value, bool):
                yield {**current, key: value + 1}


def is_adversarial(loss: str) -> bool:
    """Return whether a loss is adversarial."""
    return hasattr(create_loss(loss), "for_generator")


def literals_of(annotation: Any) -> tuple[Any, ...]:
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return get_args(inner) if get_origin(inner) is Literal else ()


def effect_of(
    value: Any, key: str, subject: RecipeSubject, checkpoint: Checkpoint, expected: list[Any]
) -> str:
    """Return the effect of a fork with another `value`: seen, refused, unsuited, or empty."""
    try:
        config, _ = resumed_config(checkpoint.config, Path("none"), {key: value}, (), fork=True)
    except ConfigError:
        return "unsuited"  # out of its range
    stage = 0
    try:
        for stage, (stage_values, expected_values) in enumerate(  # noqa: B007
            zip(stages(config, subject, checkpoint), expected, strict=True)
        ):
            if stage_values != expected_values:
                return "seen"
    except CheckpointError as error:
        assert "does not fit" in str(error)
        return "refused"
    except (ConfigError, RuntimeError, TypeError, ValueError):
        if stage:
            raise  # a recipe that was built and restored must train
        return "unsuited"
    return ""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in SAMPLED else [pytest.mark.slow]) for n in RECIPES]
)
def test_T26_every_changed_option_of_a_recipe_takes_effect_or_is_refused(
    name: str, tmp_path: Path
) -> None:
    options = {**small_options("recipe", name), **NEEDED.get(name, {})}
    subject = make_subject(name, options, None, None)
    training = subject.build()
    subject.train(training, BEFORE)
    checkpoint = read.read_checkpoint(write.save(tmp_path, training, resume=training))
    expected = list(stages(checkpoint.config, subject, checkpoint))
    assert list(stages(checkpoint.config, subject, checkpoint)) == expected, "an equal fork differs"
    silent = []
    for option in signatures.read_options(find("recipe", name), ["spec"]).values():
        current, key = checkpoint.config.options[option.name], f"options.{option.name}"
        results = []
        for value in candidates(option, current):
            results.append(effect_of(value, key, subject, checkpoint, expected))
            if results[-1] in ("seen", "refused"):
                break
        else:
            silent.append(f"{key}: {current!r}: {results}")
    assert not silent, "\n".join(silent)
