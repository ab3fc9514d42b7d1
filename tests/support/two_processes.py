"""Run a function in forked processes, with the environment variables of torchrun."""

import multiprocessing
import os
import signal
import socket
import traceback
from collections.abc import Callable
from typing import Any

import torch
import torch._dynamo


def run(work: Callable[[int], Any], *, world: int = 2, killed_rank: int | None = None) -> list[Any]:
    """Call `work(rank)` in `world` processes; return the results.

    The process `killed_rank` must end by SIGKILL; it has no result.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe(duplex=False) for _ in range(world)]
    processes = [
        context.Process(target=_enter, args=(work, rank, world, port, connection))
        for rank, (_, connection) in enumerate(pipes)
    ]
    try:
        for process in processes:
            process.start()
        results = []
        for rank, (reader, _) in enumerate(pipes):
            if rank == killed_rank:
                continue
            assert reader.poll(60), "the processes do not answer"
            error, result = reader.recv()
            assert not error, error
            results.append(result)
        for rank, process in enumerate(processes):
            process.join(60)
            assert process.exitcode == (-signal.SIGKILL if rank == killed_rank else 0)
        return results
    finally:
        for process in processes:
            if process.is_alive():
                process.kill()
                process.join()


def _enter(work: Callable[[int], Any], rank: int, world: int, port: int, connection: Any) -> None:
    torch.set_num_threads(1)
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world),
        "GLOO_SOCKET_IFNAME": "lo", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)  # gloo prints its connections on standard output
    try:
        connection.send(("", work(rank)))
    except BaseException:
        connection.send((traceback.format_exc(), None))
