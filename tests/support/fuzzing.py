"""Call functions with mutated files in a process of their own, which must not die or hang."""

import faulthandler
import multiprocessing
import os
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, NamedTuple

import pytest
import torch
import torch._dynamo  # so that no mutant is the first to import it
from audit_events import record_events

from translate.errors import BadImage, TranslateError

HANG = 20
"""seconds for one mutant, after which the process ends with a traceback"""
Target = Callable[[Random], object]
"""a function that makes a mutant, and calls the functions under test with it"""


class Report(NamedTuple):
    """Counts and errors of a fuzzing run."""

    tried: int
    refused: int
    slowest: float
    """seconds"""
    memory_growth: int
    """growth of the peak memory during the run, in megabytes"""
    errors: list[str]


def fuzz(prepare: Callable[[Path], Target], home: Path, seconds: int, minimum: int) -> Report:
    """Try mutants for `seconds`, and at least `minimum` mutants, in a process of their own.

    The test fails if the process dies or hangs.
    """
    seed = 0 if seconds == 1 else SystemRandom().randrange(10**6)
    target, context = prepare(home), multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    counter = context.Value("L", 0)
    process = context.Process(
        target=_fuzz_in_process, args=(target, home, seconds, minimum, seed, counter, writer)
    )
    process.start()
    writer.close()
    try:
        report: Report = reader.recv()
    except EOFError:
        log = (home / "log").read_text(errors="replace")[-3000:]
        pytest.fail(f"seed {seed}, mutant {counter.value}: the process died or hung\n{log}")
    finally:
        process.join()
    print(f"\n{prepare.__name__}, seed {seed}: {report}")
    assert not report.errors, "\n".join(report.errors[:5])
    assert 0 < report.refused < report.tried > minimum
    return report


def _fuzz_in_process(
    target: Target, home: Path, seconds: int, minimum: int, seed: int, counter: Any, answer: Any
) -> None:
    os.chdir(home)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    log = os.open(home / "log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 2)  # for the messages of C libraries
    refused, slowest, errors, events = 0, 0.0, list[str](), record_events()
    before, end = _peak(), time.monotonic() + seconds
    while time.monotonic() < end or counter.value <= minimum:
        faulthandler.dump_traceback_later(HANG, exit=True, file=log)
        start = time.monotonic()
        try:
            target(Random(f"{seed} {counter.value}"))
        except (TranslateError, BadImage) as error:
            refused += 1
            if any("\n" in str(line) for line in error.args) or "not enough memory" in str(error):
                errors.append(f"seed {seed}, mutant {counter.value}: {error}")
        except BaseException:
            errors.append(f"seed {seed}, mutant {counter.value}: {traceback.format_exc()}")
        errors += [f"seed {seed}, mutant {counter.value}: {event}" for event in events]
        events.clear()
        slowest = max(slowest, time.monotonic() - start)
        counter.value += 1
    faulthandler.cancel_dump_traceback_later()
    answer.send(Report(counter.value, refused, round(slowest, 2), _peak() - before, errors))


def _peak() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used >> (20 if sys.platform == "darwin" else 10)
