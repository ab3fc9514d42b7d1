"""Two real processes that meet as torchrun's do, forked so that they know what the test knows."""

import multiprocessing
import os
import socket
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def processes(work: Callable[[int], Any], folder: Path) -> list[Any]:
    """Do `work(rank)` in two processes under torchrun's environment; return what each returned."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    started = [context.Process(target=_enter, args=(work, r, port, queue)) for r in (0, 1)]
    log = folder / "processes.log"
    os.environ["PROCESSES_LOG"] = str(log)
    for process in started:
        process.start()
    for process in started:
        process.join(120)
        if process.exitcode != 0:
            [other.kill() for other in started]
            raise AssertionError(log.read_text() if log.exists() else process.exitcode)
    return [result for _, result in sorted(queue.get() for _ in started)]


def _enter(work: Callable[[int], Any], rank: int, port: int, queue: Any) -> None:
    torch.set_num_threads(1)
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "GLOO_SOCKET_IFNAME": "lo",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # gloo says on standard output whom it met
    try:
        queue.put((rank, work(rank)))
    except BaseException:
        with Path(os.environ["PROCESSES_LOG"]).open("a") as file:
            file.write(traceback.format_exc())
        os._exit(1)
