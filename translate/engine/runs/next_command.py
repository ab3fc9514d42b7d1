"""The command that training prints last: how to apply the trained run."""

import shlex
from pathlib import Path
from random import Random

from translate.batches import Layout
from translate.engine.checkpoints.state import TrainingState
from translate.engine.data import check
from translate.recipe import Recipe


def next_command(training: TrainingState, layout: Layout, path: Path, *, best: bool) -> str:
    """Return the `infer` or `sample` command for a run, or for its best checkpoint.

    Empty for a recipe that neither translates nor draws images.
    """
    recipe, out, run = type(training.recipe), str(Path("out") / path.name), str(path)
    run += "@best" * best
    if recipe.translate is Recipe.translate:
        if recipe.draw is Recipe.draw:
            return ""
        words = ["sample", run, out, "--count", "16", "--grid"]
        words += ["--text", "TEXT"] if training.spec.text_length else []
        return _as_command(words)
    test_images = _split(training, "test") or layout
    first, *others = test_images.pick(0, Random(0)).files
    mixed = any(other.parent == first.parent for other in others)  # with their targets
    words = ["infer", run, str(first if mixed else first.parent), out]
    if training.spec.sides:
        words += ["--side", training.spec.source.name]
    if recipe.takes_mask:
        words += ["--mask", "MASKS"]
    return _as_command(words)


def _as_command(words: list[str]) -> str:
    return " ".join(["translate", *map(shlex.quote, words)])


def _split(training: TrainingState, split: str) -> Layout | None:
    """Return the layout of another split, or None if it does not exist."""
    settings = training.config.data
    try:
        layout = check.open_layout(settings.model_copy(update={"split": split}))
    except Exception:  # a plugin's layout may raise anything; training is finished
        return None
    return layout if len(layout) else None
