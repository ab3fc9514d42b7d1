"""`translate verify`: what made an image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from translate.engine.system import console

if TYPE_CHECKING:
    from translate.exchange.image_verification import Verification


@click.command(no_args_is_help=True)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--model",
    metavar="RUN",
    type=click.Path(path_type=Path),
    help="Run, checkpoint or exported file that may have made the image: compare its digest. "
    "[not compared]",
)
@click.option(
    "--input",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Image that FILE may have been translated from: compare its hash. [not compared]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON. [text]")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(file: Path, model: Path | None, source: Path | None, as_json: bool, quiet: bool) -> int:
    """Show what made FILE, an output of `translate infer` or `sample`, and compare it.

    The exit code is 0 if all that was compared is equal, 3 if something differs, and 4 if FILE says
    nothing of its origin.

    \b
    Examples:
      translate verify out/photo.png
      translate verify out/photo.png --model runs/cyclegan-summer-winter --input photos/photo.png
    """
    from translate.exchange.image_verification import verify_image

    found = verify_image(file, model=model, source=source)
    if as_json:
        record = {**found.provenance._asdict(), **_comparisons(found)}
        console.show(json.dumps(record, indent=2) + "\n")
    elif not quiet:
        _describe(file, found, model, source)
    return 0 if found.matches else 3


def _comparisons(found: Verification) -> dict[str, bool]:
    known = {"model_matches": found.model_matches, "input_matches": found.input_matches}
    return {name: value for name, value in known.items() if value is not None}


def _describe(file: Path, found: Verification, model: Path | None, source: Path | None) -> None:
    made = found.provenance
    console.say(f"{file}: {made.meaning} ({made.source_type})")
    console.say(f"  recipe   {made.recipe}, translate-kit {made.version}")
    equal = {True: f", that of {model}", False: f", not that of {model}", None: ""}
    console.say(f"  model    {made.model}{equal[found.model_matches]}")
    equal = {True: f", that of {source}", False: f", not that of {source}", None: ""}
    if made.input_sha256 or source:
        console.say(f"  input    {made.input_sha256 or 'none'}{equal[found.input_matches]}")
