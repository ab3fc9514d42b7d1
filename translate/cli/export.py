"""`translate export`: write a model in a file format of other programs."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from translate.cli.parameters.shared import quiet_option, set_option, to_option
from translate.cli.parameters.values import LocalPath
from translate.engine.system import console
from translate.errors import ConfigError

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("run", type=LocalPath(path_type=Path))
@click.argument("file", required=False, type=LocalPath(path_type=Path))
@to_option
@set_option("Option of the recipe to store as a constant in FILE, such as steps=20")
@click.option(
    "--sample",
    is_flag=True,
    help="Export the generation of images from latents, for `translate sample FILE`.  [default: "
    "on for recipes that do not translate]",
)
@click.option(
    "--web",
    metavar="DIR",
    type=LocalPath(path_type=Path),
    help="Write, instead of FILE, a folder with a page that runs the model in the browser; any "
    "static HTTP server serves it.  [default: none]",
)
@click.option(
    "--runtime",
    metavar="FILE",
    type=LocalPath(path_type=Path),
    help="npm package onnxruntime-web, which runs the model in the page of --web.  [default: "
    "downloaded]",
)
@quiet_option
def command(
    run: Path,
    file: Path | None,
    to: str | None,
    options: dict[str, Any],
    sample: bool,
    web: Path | None,
    runtime: Path | None,
    quiet: bool,
) -> None:
    """Export the model of RUN to FILE, for other programs.

    The suffix of FILE selects the format: .onnx for ONNX Runtime, .pt2 for torch.export, _openvino
    for a folder that OpenVINO reads; `translate show --kind exporter` lists all formats.
    `translate infer FILE SOURCE OUT` runs files of every format; `translate sample FILE OUT` runs
    those that generate images.

    FILE is written if the exported model has the outputs of the model at three image sizes.
    The metadata of FILE states the domains, the value range and the image sizes that it accepts.

    \b
    Examples:
      translate export runs/cyclegan-summer-winter model.onnx
      translate export runs/cyclegan-summer-winter back.pt2 --to summer
      translate export runs/cyclegan-summer-winter --web page
      translate export runs/dcgan-digits generator.onnx
    """
    from translate.exchange.export import export_model

    path = web or file
    if path is None or (web and file) or (runtime and not web):
        raise ConfigError("expected either FILE or --web DIR; --runtime is only for --web.")
    result = export_model(
        run, path, to=to, options=options, sample=sample, web=web is not None, runtime=runtime
    )
    if quiet:
        return
    for problem in result.problems:
        logger.info(problem)
    console.say(f"{path}: {result.size / 1e6:.1f} MB")
    if result.options:
        constants = ", ".join(f"{name}={value}" for name, value in result.options.items())
        console.say(f"constant options: {constants}")
    largest_differences: dict[tuple[int, int], float] = {}
    for size, difference in result.differences:
        largest_differences[size] = max(difference, largest_differences.get(size, difference))
    for (height, width), difference in largest_differences.items():
        console.say(
            f"largest difference from PyTorch at {width}x{height}: {difference:.2g} (outputs are "
            "in [-1, 1])"
        )
    if web:
        console.say(f"run python -m http.server --directory {web}, then open http://localhost:8000")
