"""Run each model in its own process: a crash, lack of memory or endless request ends only this one.

The process of the server neither imports PyTorch nor decodes images.
"""

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.processes.signals import ignore_signals_in_worker
from translate.errors import TranslateError
from translate.serve.models.messages import Result, receive, send
from translate.serve.requests.limits import Limits, RequestError

CLOSE_SECONDS = 2.0
"""longest wait for a killed process to end"""
RETRY_SECONDS = 5
"""time after which a client should retry while a model is being loaded"""

logger = logging.getLogger(__name__)


class Worker:
    """The process of one model. It processes requests one at a time, in the order of the calls.

    Args:
        name: The name of the model that clients use.
        reference: A run, one of its checkpoints, or an exported file. A restarted process loads the
            same checkpoint as the first, even if the run has newer ones.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        limits: Limits of pixels and of time.
        backend: Name of an exporter, such as ``onnxruntime``, which runs the model; None: PyTorch.
    """

    def __init__(
        self, name: str, reference: str, *, device: str, limits: Limits, backend: str | None = None
    ) -> None:
        self.name, self.reference, self.device, self.limits = name, reference, device, limits
        self.backend = backend
        self.description: dict[str, Any] = {}
        self.messages: list[str] = []
        self.restarts = 0
        self.process: Any = None
        self._threads = DaemonThreadPool(1)
        self._loaded = self._closed = False

    @property
    def is_ready(self) -> bool:
        """Whether the model is loaded."""
        return self._loaded and not wait([self.process.sentinel], timeout=0)

    def start(self) -> Future[None]:
        """Load the model; the future raises a `TranslateError` if the model cannot be loaded."""
        return self._threads.submit(self._start)

    def call(
        self, action: str, fields: Mapping[str, str], *files: bytes | None, previews: bool = False
    ) -> Future[Result]:
        """Call ``translate`` or ``sample`` of `ServedModel`; the future raises `RequestError`."""
        deadline = time.monotonic() + self.limits.work_seconds
        request = {"action": action, "fields": dict(fields), "previews": previews}
        return self._threads.submit(self._call, deadline, request, files)

    def close(self) -> None:
        """End the process, even during a request."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self.process is not None:
            self.process.kill()
            self.process.join(CLOSE_SECONDS)

    def _start(self) -> None:
        if self.is_ready or self._closed:
            return
        if self._loaded:  # the process has ended between requests
            self.restarts += 1
            self._stop()
        context = get_context("spawn")  # a fork would copy locks that threads hold
        self._connection, connection_of_process = context.Pipe()
        settings = (self.reference, self.name, self.device, self.backend, self.limits.max_pixels)
        self.process = context.Process(
            target=serve_model, args=(connection_of_process, *settings), daemon=True
        )
        self.process.start()
        connection_of_process.close()
        if self._closed:  # `close` ran in another thread
            self.process.kill()
        with _Watchdog(self.limits.start_seconds, self.process):
            try:
                head, _ = receive(self._connection)
            except (EOFError, OSError) as error:
                self._stop()
                raise TranslateError(
                    f"{self.reference}: its process ended before the model was loaded. "
                    "Close other programs if memory is short. See: translate doctor"
                ) from error
        if "error" in head:
            self._stop()
            raise TranslateError(*head["error"])
        self.description, self.messages = head["description"], head["messages"]
        self.reference, self._loaded = head["source"], True

    def _call(
        self, deadline: float, request: Mapping[str, Any], files: tuple[bytes | None, ...]
    ) -> Result:
        if time.monotonic() > deadline:
            text = "the model was busy for too long: try again later."
            raise RequestError(503, text, retry_after=RETRY_SECONDS)
        try:
            self._start()
        except TranslateError as error:
            text = "the model could not be loaded again: the server's log has the reason."
            raise RequestError(503, text, retry_after=RETRY_SECONDS, detail=str(error)) from error
        seconds = self.limits.work_seconds
        with _Watchdog(seconds, self.process) as timed_out:
            try:
                send(self._connection, request, *files)
                head, (data, *preview_files) = receive(self._connection)
            except (EOFError, OSError) as error:
                self._restart()
                if timed_out.is_set():
                    text = f"stopped after {seconds:g} seconds: choose a smaller size."
                    raise RequestError(504, text) from error
                text = "the model's process ended, perhaps for lack of memory. It is restarted."
                raise RequestError(500, text, detail="a model's process ended") from error
        if "status" in head:
            raise RequestError(head["status"], head["message"], detail=head["detail"])
        names = head.pop("previews")
        previews = {name: png or b"" for name, png in zip(names, preview_files, strict=True)}
        return Result(data or b"", previews=previews, **head)

    def _restart(self) -> None:
        """End the process, and start another one in the background."""
        self._stop()
        if not self._closed:
            self.restarts += 1
            logger.info(f"{self.name}: the process has ended and is started again")
            self._threads.submit(self._start)

    def _stop(self) -> None:
        self._loaded = False
        self._connection.close()
        self.process.kill()
        self.process.join(CLOSE_SECONDS)


class _Watchdog:
    """Kill a process if the block takes longer than `seconds`; `receive` then raises an `EOFError`.

    The block gets the event that is set when the process is killed.
    """

    def __init__(self, seconds: float, process: Any) -> None:
        self._fired, self._process = threading.Event(), process
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.daemon = True

    def __enter__(self) -> threading.Event:
        self._timer.start()
        return self._fired

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _kill(self) -> None:
        self._fired.set()
        self._process.kill()


def serve_model(
    connection: Connection,
    reference: str,
    name: str,
    device: str,
    backend: str | None,
    max_pixels: int,
) -> None:
    """Load a model, and answer requests until the server closes the connection.

    This is the main function of a model's process.
    """
    ignore_signals_in_worker()
    from translate.serve.models.description import describe
    from translate.serve.models.served_model import ServedModel

    try:
        model = ServedModel(reference, name, device=device, backend=backend, max_pixels=max_pixels)
        description = describe(model.model, fixed_options=backend is not None)
        head = {"description": description, "source": str(model.source)}
    except TranslateError as error:
        send(connection, {"error": [str(argument) for argument in error.args]})
        return
    send(connection, {**head, "messages": model.messages})
    while True:
        try:
            head, files = receive(connection)
        except (EOFError, OSError):
            return  # the server has ended
        action: Any = model.translate if head["action"] == "translate" else model.sample
        try:
            answer = action(head["fields"], *files, previews=head["previews"])._asdict()
            data, previews = answer.pop("data"), answer.pop("previews")
            send(connection, answer | {"previews": [*previews]}, data, *previews.values())
        except RequestError as error:
            answer = {"status": error.status, "message": error.message, "detail": error.detail}
            send(connection, answer, None)
