"""The command that training prints last: how to apply the trained run."""

import shlex
from fnmatch import fnmatch
from pathlib import Path
from random import Random

from translate.batches import Layout
from translate.engine.checkpoints.state import TrainingState
from translate.engine.data import check
from translate.folders.names import VALIDATION_SPLITS, common_end
from translate.recipe import Recipe


def next_command(training: TrainingState, layout: Layout, path: Path, *, best: bool) -> str:
    """Return the `infer` or `sample` command for a run, or for its best checkpoint.

    Empty for a recipe that neither translates nor draws images.
    """
    recipe, out, run = training.recipe, str(Path("out") / path.name), str(path)
    run += "@best" * best
    if not recipe.overrides(Recipe.translate):
        if not recipe.overrides(Recipe.draw):
            return ""
        words = ["sample", run, out, "--count", "16", "--grid"]
        words += ["--text", "TEXT"] if training.spec.text_length else []
        return _as_command(words)
    words = ["infer", run, _source(_images_to_translate(training, layout)), out]
    if training.spec.sides:
        words += ["--side", training.spec.source.name]
    if recipe.takes_mask:
        words += ["--mask", "MASKS"]
    return _as_command(words)


def _source(layout: Layout) -> str:
    """Return the folder of the source images; where targets are in it, a pattern or one image."""
    first, *others = layout.pick(0, Random(0)).files
    if all(other.parent != first.parent for other in others):
        return str(first.parent)
    if not layout.domain_files:
        return str(first)
    sources, *targets = layout.domain_files
    end = common_end(path.stem for path in sources)
    pattern = str(first.parent / f"*{end}.*")
    if not end or any(fnmatch(str(path), pattern) for files in targets for path in files):
        return str(first)
    return pattern


def _as_command(words: list[str]) -> str:
    return " ".join(["translate", *map(shlex.quote, words)])


def _images_to_translate(training: TrainingState, trained: Layout) -> Layout:
    """Return the layout of the test images; else of validation images; else of the trained ones."""
    data = training.config.data
    for split in ("test", *VALIDATION_SPLITS):
        # the names of the files suffice, so that no header is read
        settings = data.model_copy(update={"split": split, "labels": data.labels or ()})
        try:
            layout = check.open_layout(settings, known=training.spec.domains)
        except Exception:  # a plugin's layout may raise anything; training is finished
            continue
        if len(layout) and not {*layout.files} <= {*trained.files}:
            return layout
    return trained
