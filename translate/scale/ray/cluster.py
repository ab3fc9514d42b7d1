"""Connect to a Ray cluster, or start one on this machine."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from translate.errors import ConfigError, TranslateError, message_of, require_package

EXTRA_CPUS = 2
"""CPUs of a local cluster in addition to those of the actors: tasks that read and write images then
never wait for an actor to end"""
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no telemetry
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # Ray's log files have all messages
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",  # the progress bar of `translate infer` counts images
    "RAY_DATA_LOG_LEVEL": "CRITICAL",
}
"""environment variables for Ray, unless the user has set them"""


@contextmanager
def connect(*, address: str | None, actors: int, cpus: float, gpus: float) -> Iterator[Any]:
    """Yield the module `ray`, connected to a cluster until the block ends.

    Args:
        address: Address of the cluster, as for `ray.init`; None: ``$RAY_ADDRESS``, or a local
            cluster that is started and stopped here.
        actors: Number of actors that the cluster must be able to run.
        cpus: CPUs of each actor.
        gpus: GPUs of each actor.

    Raises:
        MissingPackageError: Ray is not installed.
        ConfigError: There is no such cluster, or this machine has too few GPUs.
        TranslateError: Ray fails.
    """
    require_package("ray", "ray")
    address = address or os.environ.get("RAY_ADDRESS")
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray  # here: the import takes seconds

    resources: dict[str, Any] = {}
    if address is None:
        resources = {"num_cpus": max(os.cpu_count() or 1, int(actors * cpus) + EXTRA_CPUS)}
    try:
        with _keep_signal_handlers():
            ray.init(
                address=address,
                include_dashboard=False if address is None else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
                **resources,
            )
    except ConnectionError as error:
        raise ConfigError(
            f"address: no Ray cluster answers at {address}: {message_of(error)}"
        ) from error
    try:
        available_gpus = ray.cluster_resources().get("GPU", 0)
        if address is None and available_gpus < actors * gpus:
            raise ConfigError(
                f"gpus: {actors} actors with {gpus:g} each need {actors * gpus:g} GPUs, and this "
                f"machine has {available_gpus:g}: use fewer actors, or --gpus 0.25 for four on one."
            )
        yield ray
    except ray.exceptions.RayError as error:
        raise TranslateError(f"Ray: {_last_line(error)}") from error
    finally:
        ray.shutdown()


@contextmanager
def _keep_signal_handlers() -> Iterator[None]:
    """Restore the signal handlers after the block: those that Ray installs end the process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _last_line(error: BaseException) -> str:
    """Return the last line of the message of `error`, where Ray writes the cause."""
    lines = [line.strip() for line in message_of(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
