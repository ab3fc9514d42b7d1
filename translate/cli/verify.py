"""`translate verify`: show which model made an image, or verify a packed model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from translate.cli.parameters.shared import json_option, quiet_option
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
    help="Run, checkpoint or exported file to compare with the model that made the image.  "
    "[default: not compared]",
)
@click.option(
    "--input",
    "source",
    metavar="FILE",
    type=LocalPath(path_type=Path),
    help="Image to compare with the input that FILE was translated from.  [default: not compared]",
)
@json_option
@quiet_option
def command(file: Path, model: Path | None, source: Path | None, as_json: bool, quiet: bool) -> int:
    """Show which model made an image, or verify a packed model.

    FILE is an output of `translate infer` or `sample`: the model and the input that its metadata
    names are printed. Or FILE was written by `translate pack`: the hash of each file in it is
    verified, its plugins are looked up, and its sample is computed again, without network. The exit
    code is 0 if everything is equal, 3 if something differs, and 4 if an image has no such
    metadata.

    \b
    Examples:
      translate verify winter.zip
      translate verify out/photo.png
      translate verify out/photo.png --model runs/cyclegan-summer-winter --input photos/photo.png
    """
    from translate.engine.checkpoints.references.packs import is_pack
    from translate.insight.image_provenance import verify_image

    if is_pack(file):
        if compared_file := model or source:
            raise ConfigError(f"{file} is a packed model, got {compared_file}: leave it out.")
        return _verify_pack(file, as_json=as_json, quiet=quiet)
    verification = verify_image(file, model=model, source=source)
    if as_json:
        record = {**verification.provenance._asdict(), **_comparisons(verification)}
        console.show_json(record)
    elif not quiet:
        _print_provenance(file, verification, model, source)
    return 0 if verification.matches else 3


def _verify_pack(file: Path, *, as_json: bool, quiet: bool) -> int:
    from translate.exchange.publication.pack import verify_pack

    verification = verify_pack(file)
    if as_json:
        record = verification.record.model_dump()
        document = {**verification._asdict(), "record": record, "equal": verification.is_equal}
        console.show_json(document)
    elif not quiet:
        console.say(f"{file}: model {verification.record.model}")
        count = len(verification.record.files)
        console.say(f"  files    {count}, {verification.size:,} bytes, as packed")
        for other in verification.other_versions:
            console.say(f"  version  {other}")
        if verification.missing_plugins:
            console.say(
                f"  plugins  not installed: pip install {' '.join(verification.missing_plugins)}"
            )
        else:
            limit = verification.record.parity.tolerance
            text = "equal" if verification.is_equal else "different"
            console.say(
                f"  sample   {text}: largest difference {verification.difference:.1e} of the value "
                f"range, tolerance {limit:g}"
            )
    return 0 if verification.is_equal else 3


def _comparisons(verification: Verification) -> dict[str, bool]:
    """Return the result of each requested comparison."""
    model, source = verification.model_matches, verification.input_matches
    comparisons = {"model_matches": model, "input_matches": source}
    return {name: value for name, value in comparisons.items() if value is not None}


def _print_provenance(
    file: Path, verification: Verification, model: Path | None, source: Path | None
) -> None:
    """Print the provenance of an image, compared with `model` and with the input `source`."""
    provenance = verification.provenance
    console.say(f"{file}: {provenance.meaning} ({provenance.source_type})")
    console.say(f"  recipe   {provenance.recipe}")
    console.say(f"  program  translate-kit {provenance.version}")
    comparison = _comparison_text(verification.model_matches, model)
    console.say(f"  model    {provenance.model}{comparison}")
    if provenance.input_sha256 or source:
        comparison = _comparison_text(verification.input_matches, source)
        console.say(f"  input    {provenance.input_sha256 or 'none'}{comparison}")


def _comparison_text(matches: bool | None, path: Path | None) -> str:
    return {True: f", that of {path}", False: f", not that of {path}", None: ""}[matches]
