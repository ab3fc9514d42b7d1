"""`translate serve`: serve trained models by a web page and an HTTP API."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import click

from translate.cli.parameters.shared import device_option
from translate.cli.parameters.values import LocalPath
from translate.engine.system import console
from translate.errors import ConfigError

REQUIRED_PACKAGES = ("fastapi", "prometheus_client", "python_multipart", "uvicorn")
"""import names of packages that `pip install translate-kit[serve]` adds"""

logger = logging.getLogger(__name__)


@click.command(no_args_is_help=True)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    help="Address to listen on; one that other machines can reach, such as 0.0.0.0, requires "
    "--token or --token-file.  [default: 127.0.0.1]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=7860,
    metavar="N",
    help="Port to listen on; 0: a free one.  [default: 7860]",
)
@click.option(
    "--token",
    is_flag=True,
    help="Require a token in each request; the token is generated, and printed once.",
)
@click.option(
    "--token-file",
    type=LocalPath(path_type=Path),
    metavar="FILE",
    help="File with the token to require instead of a generated one.  [default: none]",
)
@click.option(
    "--max-pixels",
    type=click.IntRange(1),
    default=24_000_000,
    metavar="N",
    help="Largest number of pixels of an image; larger images are refused before they are "
    "decoded.  [default: 24000000]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1),
    default=60.0,
    metavar="SECONDS",
    help="Time limit for one image.  [default: 60]",
)
@device_option
@click.option(
    "--backend",
    metavar="NAME",
    help="Library that runs the models: torch, or the backend of an exporter, which `translate "
    "show EXPORTER` names; models are then exported at the first use, and cached.  [default: "
    "torch]",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors and the token.")
def command(
    runs: tuple[str, ...],
    host: str,
    port: int,
    token: bool,
    token_file: Path | None,
    max_pixels: int,
    timeout: float,
    device: str,
    backend: str | None,
    quiet: bool,
) -> int:
    """Serve trained models: a web page and an HTTP API.

    RUN is a run folder; a checkpoint of it, such as runs/first@500, runs/first@best or the folder
    of the checkpoint; a file of `translate pack`; an exported file, such as model.onnx; or
    hf-hub:ORG/NAME[@REVISION], a model on the Hugging Face Hub.

    The page translates images that are dropped on it, and generates images. Programs send
    POST /v1/translate; the server documents its API at /docs. Without --host, only this machine can
    connect. Images are kept in memory and never stored. Ctrl-C stops the server.

    \b
    Examples:
      translate serve runs/cyclegan-summer-winter
      translate serve runs/cyclegan-summer-winter runs/dcgan-digits@best --port 8000
    """
    if missing := [name for name in REQUIRED_PACKAGES if find_spec(name) is None]:
        raise ConfigError(
            f"translate serve needs {', '.join(missing)}, which is not installed: "
            'pip install "translate-kit[serve]"'
        )
    from translate.engine.exports.backends import other_backend
    from translate.engine.processes.signals import Interrupts
    from translate.serve.requests.access import choose_token, create_access
    from translate.serve.requests.limits import Limits
    from translate.serve.server import bound_socket, running_workers, serve

    secret = choose_token(generate=token, file=token_file)
    access = create_access(host, secret)
    limits = Limits(max_pixels=max_pixels, work_seconds=timeout)
    with ExitStack() as stack:
        stack.enter_context(console.messages(quiet=quiet))
        server_socket = stack.enter_context(bound_socket(host, port))
        interrupts = stack.enter_context(Interrupts(work="requests in progress"))

        def should_stop() -> int:
            return interrupts.signal

        workers = stack.enter_context(
            running_workers(
                runs,
                device=device,
                limits=limits,
                should_stop=should_stop,
                backend=other_backend(backend),
            )
        )
        if should_stop():
            return 128 + interrupts.signal
        for worker in workers.values():
            for message in worker.messages:
                logger.info(message)
            logger.info(f"{worker.name}: step {worker.description['step']}")
        server_socket.listen()  # before the address is printed
        url_host = f"[{host}]" if ":" in host else host  # an IPv6 address in brackets
        address = f"http://{url_host}:{server_socket.getsockname()[1]}/"
        if token and not token_file:
            console.say(f"Page and token, printed only once: {address}#token={secret}")
        logger.info(f"Serving on {address} (HTTP API: /docs). Ctrl-C stops.")
        serve(workers, server_socket, access, limits, should_stop)
    return 128 + interrupts.signal
