"""`translate verify`: the provenance of an image, or the integrity of a packed model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from translate.cli.parameters.values import LocalPath
from translate.engine.system import console
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.insight.image_provenance import Verification


@click.command(no_args_is_help=True)
@click.argument("file", type=LocalPath(path_type=Path))
@click.option(
    "--model",
    metavar="RUN",
    type=LocalPath(path_type=Path),
    help="Run, checkpoint or exported file to compare with the model that made the image. "
    "[not compared]",
)
@click.option(
    "--input",
    "source",
    metavar="FILE",
    type=LocalPath(path_type=Path),
    help="Image to compare with the input that FILE was translated from. [not compared]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON. [text]")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(file: Path, model: Path | None, source: Path | None, as_json: bool, quiet: bool) -> int:
    """Show which model made an image, or verify a packed model.

    FILE is an output of `translate infer` or `sample`, whose metadata names the model and the
    input, or a file of `translate pack`: the hash of each file in it is verified, its plugins are
    looked up, and its sample is computed again, without network. The exit code is 0 if everything
    is equal, 3 if something differs, and 4 if an image has no such metadata.

    \b
    Examples:
      translate verify winter.zip
      translate verify out/photo.png
      translate verify out/photo.png --model runs/cyclegan-summer-winter --input photos/photo.png
    """
    from translate.engine.checkpoints.references.packs import is_pack
    from translate.insight.image_provenance import verify_image

    if is_pack(file):
        if given := model or source:
            raise ConfigError(f"{file} is a packed model, got {given}: leave it out.")
        return _verify_pack(file, as_json=as_json, quiet=quiet)
    found = verify_image(file, model=model, source=source)
    if as_json:
        record = {**found.provenance._asdict(), **_comparisons(found)}
        console.show(json.dumps(record, indent=2) + "\n")
    elif not quiet:
        _describe(file, found, model, source)
    return 0 if found.matches else 3


def _verify_pack(file: Path, *, as_json: bool, quiet: bool) -> int:
    from translate.exchange.publication.pack import verify_pack

    found = verify_pack(file)
    if as_json:
        record = {**found._asdict(), "record": found.record.model_dump(), "equal": found.is_equal}
        console.show(json.dumps(record, indent=2) + "\n")
    elif not quiet:
        console.say(f"{file}: model {found.record.model}")
        console.say(f"  files    {len(found.record.files)}, {found.size:,} bytes, as packed")
        for other in found.other_versions:
            console.say(f"  version  {other}")
        if found.missing:
            console.say(f"  plugins  not installed: pip install {' '.join(found.missing)}")
        else:
            limit = found.record.parity.tolerance
            text = "equal" if found.is_equal else "different"
            console.say(
                f"  sample   {text}: largest difference {found.difference:.1e} of the value range, "
                f"tolerance {limit:g}"
            )
    return 0 if found.is_equal else 3


def _comparisons(found: Verification) -> dict[str, bool]:
    known = {"model_matches": found.model_matches, "input_matches": found.input_matches}
    return {name: value for name, value in known.items() if value is not None}


def _describe(file: Path, found: Verification, model: Path | None, source: Path | None) -> None:
    made = found.provenance
    console.say(f"{file}: {made.meaning} ({made.source_type})")
    console.say(f"  recipe   {made.recipe}")
    console.say(f"  program  translate-kit {made.version}")
    equal = {True: f", that of {model}", False: f", not that of {model}", None: ""}
    console.say(f"  model    {made.model}{equal[found.model_matches]}")
    equal = {True: f", that of {source}", False: f", not that of {source}", None: ""}
    if made.input_sha256 or source:
        console.say(f"  input    {made.input_sha256 or 'none'}{equal[found.input_matches]}")
