"""A checkpoint that two processes write is whole, or missing if either of them fails."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import two_processes
from disk_faults import Fault, FaultyDisk, disk_full, io_error, short_write
from sharded_states import CPU, SavedRun, train_sharded

from translate.engine.checkpoints import read, retention, write
from translate.engine.checkpoints.contents import without_prefix
from translate.engine.checkpoints.sharded import writer
from translate.engine.processes import distributed
from translate.errors import SaveError, TrainingError


def test_weights_have_the_bytes_of_a_run_without_shards(saved: SavedRun) -> None:
    from training_states import build_training_state, save

    unsharded = build_training_state(train__ema=0.5)
    assert unsharded.average
    unsharded.recipe.load_state_dict(without_prefix("weights", saved.expected))
    unsharded.average.module.load_state_dict(without_prefix("average", saved.expected))
    path = save(saved.run / "unsharded", unsharded, step=1)
    for name in ("weights.safetensors", "ema.safetensors"):
        assert (saved.path / name).read_bytes() == (path / name).read_bytes()


@pytest.mark.slow
def test_a_dry_run_prints_the_size_of_a_checkpoint_of_two_processes(saved: SavedRun) -> None:
    def work(_: int) -> int:
        with distributed.process_group(CPU):
            return write.serialized_bytes(train_sharded())

    tensors = sum(tensor.nbytes for tensor in saved.expected.values())
    written = sum(file.stat().st_size for file in saved.path.iterdir())
    first, second = two_processes.run(work)
    assert first == second
    assert tensors < first < written, "all tensors, without the index and the other's random state"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failing_rank", "fault"), [(1, disk_full), (1, io_error), (0, disk_full), (0, io_error)]
)
def test_a_disk_error_of_either_process_is_an_error_of_both_and_leaves_no_folder(
    failing_rank: int, fault: Fault, saved: SavedRun, disk: FaultyDisk
) -> None:

    def work(rank: int) -> list[str]:
        fails = rank == failing_rank
        with distributed.process_group(CPU):
            training = train_sharded(2)
            disk.arm(0, short_write)  # counts operations, without a fault
            write.save(saved.run / f"elsewhere-{failing_rank}", training, training)
            writes = [i for i, name in enumerate(disk.operations, 1) if name == "write"]
            disk.disarm()
            messages = []
            for number in range(distributed.all_reduce_max(len(writes) if fails else 0)):
                if fails:
                    disk.arm(writes[number], fault)
                with pytest.raises(SaveError) as error:
                    write.save(saved.run, training, training)
                disk.disarm()
                messages.append(str(error.value))
            assert messages
            write.save(saved.run, training, training)
            return messages

    first, second = two_processes.run(work)
    assert all("could not save step 2: " in message for message in first + second)
    if failing_rank:
        assert first == second, "its only files, the shards, are written before all others"
    assert retention.newest_checkpoint(saved.run)[0] == saved.path.with_name("step-00000002")
    names = sorted(file.name for file in (saved.run / "checkpoints").iterdir())
    assert names == ["step-00000001", "step-00000002"]


def test_T2_a_process_killed_while_it_writes_its_parts_leaves_the_previous_checkpoint(
    saved: SavedRun,
) -> None:
    write_durably = writer.write_durably

    def work(rank: int) -> str:
        def killed_halfway(file: Path, data: Any) -> None:
            if rank == 1:
                write_durably(file, [next(iter(data))])
                os.kill(os.getpid(), signal.SIGKILL)
            write_durably(file, data)

        with distributed.process_group(CPU):
            training = train_sharded(2)
            writer.write_durably = killed_halfway  # in a forked process, which ends after this
            with pytest.raises(TrainingError) as error:
                write.save(saved.run, training, training)
        return str(error.value)

    [message] = two_processes.run(work, killed_rank=1)
    assert "another process has died" in message
    assert retention.newest_checkpoint(saved.run) == (saved.path, [])
    assert read.read_checkpoint(saved.path).step == 1
    retention.remove_old_checkpoints(saved.run, 2)
    assert list((saved.run / "checkpoints").iterdir()) == [saved.path]
