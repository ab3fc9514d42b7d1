"""What a trained model can do, with the command for each use, for `translate show RUN`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from translate.cli.messages.annotated_yaml import add_choices, append_comment, format_default
from translate.cli.parameters.choices import choices

if TYPE_CHECKING:
    from translate.recipe import Recipe


def capabilities(run: Path) -> list[str]:
    """Return lines that state what the newest checkpoint of `run` can do, each with its command.

    `run` may name a checkpoint, ``RUN@STEP``. The list is empty if `run` is not a run.
    """
    from translate.engine.checkpoints import read
    from translate.engine.checkpoints.contents import MANIFEST
    from translate.engine.checkpoints.read import memory_limit, rebuild_recipe
    from translate.engine.checkpoints.references.lookup import is_cached_copy, resolve
    from translate.engine.models.model import target_domains
    from translate.errors import CheckpointError
    from translate.nn.noise import temporary_seed
    from translate.recipe import Recipe

    is_run = (run / "config.yaml").is_file() or (run / MANIFEST).is_file()
    if not (is_run or "@" in str(run) or is_cached_copy(run)):
        return []
    try:
        path, _ = resolve(run)
    except CheckpointError as error:
        return [f"Nothing can be translated or generated yet: {error}"]
    checkpoint = read.read_checkpoint(path)
    with temporary_seed(0), memory_limit(checkpoint):
        recipe = rebuild_recipe(checkpoint)
    lines = [f"{path.name} of {checkpoint.config.recipe}: step {checkpoint.step}"]
    if recipe.overrides(Recipe.translate):
        options = " --mask MASKS" if recipe.takes_mask else ""
        if checkpoint.spec.sides:
            options += f" --side {checkpoint.spec.source.name}"
        scale = recipe.geometry.scale
        larger = f", {scale} times as large" if scale != 1 else ""
        for domain in target_domains(recipe, checkpoint.spec):
            lines += [
                f"Translates images to {domain}{larger}:" if domain else "Translates images:",
                f"  translate infer {run} SOURCE OUT --to {domain}{options}",
            ]
    if recipe.overrides(Recipe.draw):
        height, width = checkpoint.spec.size
        lines.append(f"Generates images of {width}x{height} pixels from noise:")
        if names := recipe.conditions():
            lines.append(f"  translate sample {run} OUT --class {names[0]}")
            lines.append(f"  classes: {', '.join(names)}, or all")
        elif checkpoint.spec.text_length:
            lines.append(f'  translate sample {run} OUT --text "TEXT"')
        else:
            lines.append(f"  translate sample {run} OUT --count 64")
    return lines + inference_options(type(recipe))


def inference_options(recipe: type[Recipe]) -> list[str]:
    """Return a line for each option of ``infer --set`` and ``sample --set``, with its default."""
    from translate.engine.models.calls import options_of, takes_noise

    lines = []
    for command, call in (("infer", recipe.translate), ("sample", recipe.draw)):
        options = options_of(call)
        if options:
            lines.append(f"Options of translate {command}:")
        lines += [
            append_comment(
                f"  --set {name}={format_default(option)}",
                add_choices(option.meaning, choices(option)),
            )
            for name, option in options.items()
        ]
    if takes_noise(recipe.translate):
        lines.append("Outputs depend on random noise: set its seed with translate infer --seed N.")
    return lines
