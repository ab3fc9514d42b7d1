"""No command runs the code of a file: malicious files as arguments of every command.

F1 is a row of docs/faults.md.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import small_checkpoints
from command_result import ROOT
from malicious_files import MaliciousPickle, write_malicious_files
from parsed_command import all_commands

from translate.cli import COMMANDS

EXTRA_LINES = {
    "train": [
        "--config {file}", "--resume {file}", "--config {file} --data {folder}",
        "--plugin {file} --domains a b --steps 1", "--plugin gan --domains {file} --steps 1",
        "--plugin cyclegan --domains a {folder} --steps 1 --set data.max_bad=1 --size 32",
        "--plugin gan --domains a --steps 1 --set options.generator={file}",
    ],
    "infer": ["{run} {file} out", "{run} {folder} out", "{run} a out --mask {file}"],
    "datasets check": ["{file}", "{folder}"],
}  # fmt: skip
"""patterns of command lines, in addition to the one with a malicious file as first argument"""
SERVED = ("pickle.pth", "disguise", "names a module")
"""files for `translate serve`, which starts a process for each, and loads a run as `infer` does"""
RUN_LINES = """
import sys
sys.argv[0] = "translate"
import torch._dynamo, translate.engine.training.session, translate.registry
import translate.engine.inference.folder, translate.cli.serve, translate.serve.server
from audit_events import record_events
translate.registry.names("recipe")
events = record_events()
from translate.cli import main
for line in sys.stdin.read().splitlines():
    try:
        main(line.split("\\t"))
    except SystemExit as end:
        if end.code not in (0, 2, 3, 4, 5):
            events.append(f"exit {end.code}")
    except BaseException as error:
        events.append(f"traceback {error!r}")
    for event in events:
        print("\\nVIOLATION", event, line)
    events.clear()
"""


@pytest.mark.slow
def test_P8_F1_no_command_executes_a_file_that_it_is_given(
    tmp_path: Path, image_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(MaliciousPickle()))
    Path("it-was-run").unlink()  # the payload runs, so this test can fail
    image_folder("a", 2)
    image_folder(
        "datasets/digits/train", 2
    )  # else `--resume` of the run of digits generates 7,000 images
    (tmp_path / "evil").mkdir()
    paths = write_malicious_files(tmp_path / "evil")
    run = small_checkpoints.cyclegan(tmp_path / "run")
    lines = dict[str, None]()
    for name, command in all_commands():
        arguments = [p for p in command.params if isinstance(p, click.Argument)]
        default = " ".join(["{file}", "a", "out"][: len(arguments)])
        for pattern in [*EXTRA_LINES.get(name, ()), *([default] if arguments else ())]:
            for kind, file in paths.items():
                if name == "serve" and kind not in SERVED:
                    continue
                words = pattern.format(file=file, folder=tmp_path / "evil", run=run).split()
                lines["\t".join([*name.split(), *words])] = None
    assert {line.split("\t")[0] for line in lines} == {*COMMANDS}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN_LINES],
        input="\n".join(lines), text=True, capture_output=True, check=False, timeout=200,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests/support")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("VIOLATION")] == []
    assert not Path("it-was-run").exists()
