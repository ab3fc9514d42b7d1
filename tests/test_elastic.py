"""Elastic training: torchrun restarts the processes of two nodes, and they continue their run."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import small_runs
import two_processes

from translate.engine.config import yaml_text

SECONDS = 120
"""limit of a wait"""


def start_node(root: Path, port: int, log: Path) -> subprocess.Popen:
    """Start torchrun as on one of two nodes, with one process."""
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--nnodes", "1:2", "--nproc-per-node"),
        *("1", "--max-restarts", "3", "--rdzv-backend", "c10d", "--rdzv-endpoint"),
        *(f"127.0.0.1:{port}", "-m", "translate", "train", "--config", "config.yaml"),
        *("--out", "run", "--resume", "auto"),
    ]
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    environment["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    with log.open("w") as output:
        return subprocess.Popen(
            command, cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT
        )


def worker_of(node: subprocess.Popen) -> int:
    """Return the id of the training process that torchrun has started."""
    children = Path(f"/proc/{node.pid}/task/{node.pid}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    return next(pid for pid, command in commands.items() if "\0translate\0" in command)


def wait_for_step(run: Path, step: int, nodes: list[subprocess.Popen]) -> None:
    """Wait for a checkpoint of `step` or later."""
    deadline = time.monotonic() + SECONDS
    while max(small_runs.checkpoint_steps(run), default=-1) < step:
        assert all(node.poll() is None for node in nodes), "a node has ended"
        assert time.monotonic() < deadline, "there is no checkpoint"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_process_is_restarted_and_the_run_ends_as_without_the_kill(
    victim: int, root: Path
) -> None:
    config = small_runs.config(root, train__batch_size=2, train__steps=200, train__save_every=10)
    (root / "config.yaml").write_text(yaml_text.dump(config))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    logs = [root / f"node-{number}.log" for number in range(2)]
    nodes = [start_node(root, port, log) for log in logs]
    try:
        wait_for_step(root / "run", 10, nodes)
        os.kill(worker_of(nodes[victim]), signal.SIGKILL)
        codes = [node.wait(SECONDS) for node in nodes]
    finally:
        for node in nodes:
            node.kill()
    output = "\n".join(log.read_text() for log in logs)
    assert codes == [0, 0], output
    resumed = re.findall(r"resuming run from step (\d+)", output)
    assert len(resumed) == 1 and 10 <= int(resumed[0]) < 200, output
    two_processes.run(lambda _: small_runs.train(config, root / "uninterrupted").step)
    assert small_runs.equal_checkpoints(root / "run", root / "uninterrupted")
