"""The command that training prints last: it translates or generates images with the run."""

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
    """Return the `infer` or `sample` command for the run `path`, or for its best checkpoint.

    Empty for a recipe that neither translates nor draws images.
    """
    recipe, out, run = training.recipe, str(Path("out") / path.name), f"{path}{'@best' * best}"
    if recipe.overrides(Recipe.translate):
        words = ["infer", run, _source(_images_to_translate(training, layout)), out]
        words += ["--side", training.spec.source.name] if training.spec.sides else []
        words += ["--mask", "MASKS"] if recipe.takes_mask else []
    elif recipe.overrides(Recipe.draw):
        words = ["sample", run, out, "--count", "16", "--grid"]
        words += ["--text", "TEXT"] if training.spec.text_length else []
    else:
        return ""
    return shlex.join(["translate", *words])


def _source(layout: Layout) -> str:
    """Return the folder of the source images.

    If targets are in the same folder, return a pattern that matches the sources alone, or the
    first image.
    """
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


def _images_to_translate(training: TrainingState, training_images: Layout) -> Layout:
    """Return the layout of the test images, else of validation images, else `training_images`."""
    data = training.config.data
    for split in ("test", *VALIDATION_SPLITS):
        # only the names of the files are needed, so that no header is read
        settings = data.model_copy(update={"split": split, "labels": data.labels or ()})
        try:
            layout = check.open_layout(settings, known_domains=training.spec.domains)
        except Exception:  # a plugin's layout may raise anything; training is finished
            continue
        if len(layout) and not {*layout.files} <= {*training_images.files}:
            return layout
    return training_images
