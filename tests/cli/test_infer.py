"""`translate infer` as a command: messages and exit codes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_checkpoints
import torch
from PIL import Image
from small_exports import InvertingExporter, InvertingPlugin
from subprocesses import run_python

from translate.engine.models import model

Run = Callable[..., Any]

RUN = Path("runs/cyclegan-summer-winter")


@pytest.mark.usefixtures("run_and_domains")
def test_I7_the_last_line_counts_every_input(run_command: Run) -> None:
    command = ("infer", RUN, "datasets/summer/test", "out")
    first = run_command(*command, "--limit", 1)
    assert (first.code, first.out) == (0, "1 done, 0 skipped (already there), 0 listed\n")
    Path("datasets/summer/test/bad.png").touch()
    second = run_command(*command)
    assert second.code == 3
    assert second.out.splitlines()[-1] == (
        "2 done, 1 skipped (already there), 1 listed in out/problems.jsonl"
    )
    assert run_command(*command, "--quiet").out == ""
    refused = run_command(*command, "--to", "summer")
    assert refused.code == 2 and "--overwrite" in refused.err and refused.err.startswith("Error: ")
    assert run_command(*command, "--to", "summer", "--overwrite").code == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("runs/typo", "datasets/summer", "out"), 2, "there is no run runs/typo."),
        ((RUN, "typo", "out"), 2, "there is no file or folder typo."),
        ((RUN, "runs", "out"), 4, "there is no image in runs"),
        ((RUN, "datasets", "datasets"), 2, "choose another folder"),
        ((RUN, "datasets", "file/out"), 2, "cannot write to file/out"),
        ((RUN, "datasets", "out", "--to", "rain"), 2, "Choose from: summer, winter."),
        ((f"{RUN}@7", "datasets", "out"), 2, f"Steps: 1; type {RUN}@1"),
        (
            (f"{RUN}@best", "datasets", "out"),
            2,
            "no checkpoint of this run was saved with a metric",
        ),
        ((RUN, "datasets", "out", "--side", "left"), 2, "was not trained on side-by-side"),
        ((RUN, "datasets", "out", "--size", "0"), 2, "--size"),
        (
            (RUN, "datasets", "out", "--format", "gif"),
            2,
            "format: cannot write 'gif' of 3 channels.",
        ),
        ((RUN, "datasets", "out", "--device", "tpu"), 2, "tpu"),
        ((RUN, "datasets", "out", "--device", "meta"), 2, "got 'meta'. Try --device cpu."),
    ],
)
@pytest.mark.usefixtures("run_and_domains")
def test_wrong_arguments_have_an_exit_code_and_no_traceback(
    run_command: Run, arguments: tuple[Any, ...], code: int, message: str
) -> None:
    Path("file").touch()
    result = run_command("infer", *arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err and "Traceback" not in result.err


@pytest.mark.usefixtures("run_and_domains")
def test_I9_an_output_that_cannot_be_written_is_found_before_the_model_is_loaded(
    run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").touch()
    monkeypatch.setattr(model, "load", lambda *_, **__: pytest.fail("the model was loaded"))
    assert run_command("infer", RUN, "datasets", "file/out").code == 2


@pytest.mark.usefixtures("run_and_domains")
def test_infer_imports_no_heavy_module_that_it_does_not_need(tmp_path: Path) -> None:
    code = """
import json, sys
from translate.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]))
import translate.api
print(json.dumps(sorted(sys.modules)))
"""
    done = run_python(code, "infer", RUN, "datasets/summer/test", "out", cwd=tmp_path)
    (exit_code, modules), modules_of_api = map(json.loads, done.stdout.splitlines()[-2:])
    assert exit_code == 0, done.stderr
    metric_libraries = {"timm", "torchmetrics", "torch_fidelity"}
    other = {"albumentations", "torchvision", "rich", "torch._dynamo", "sympy", "scipy", "skimage"}
    assert not (metric_libraries | other | {"matplotlib"}) & set(modules)
    assert not metric_libraries & set(modules_of_api)


@pytest.mark.gpu
@pytest.mark.usefixtures("run_and_domains")
def test_a_gpu_gives_the_same_images_as_a_cpu(run_command: Run) -> None:
    assert torch.cuda.is_available()
    for device in ("cpu", "cuda"):
        assert run_command("infer", RUN, "datasets", device, "--device", device).code == 0
    for path in Path("cpu").rglob("*.png"):
        on_gpu = Path("cuda", *path.parts[1:])
        first, second = (np.asarray(Image.open(p)).astype(int) for p in (path, on_gpu))
        assert abs(first - second).max() <= 2


def test_trust_is_measured_once_for_each_output_and_its_maps_are_not_translated(
    run_command: Run, tmp_path: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("datasets/a/train", 5), image_folder("datasets/b/train", 3)
    source = image_folder("new", 3)
    data = {"root": str(tmp_path / "datasets")}
    small_checkpoints.cyclegan(tmp_path / "runs/x", domains=("a", "b"), size=16, data=data)
    command = ("infer", "runs/x", source, "out")
    assert run_command(*command).code == 0
    plain = {path.name: path.read_bytes() for path in Path("out").glob("*.png")}
    result = run_command(*command, "--trust")
    assert result.code == 0 and result.out.endswith("3 done, 0 skipped (already there), 0 listed\n")
    (line,) = [line for line in result.out.splitlines() if line.startswith("lowest trust: ")]
    lines = Path("out/.translate/done.jsonl").read_text().splitlines()
    records = [json.loads(text) for text in lines]
    trust = {each["output"]: each["trust"]["trust"] for each in records if "trust" in each}
    least = min(trust, key=lambda name: trust[name])
    assert line.startswith(f"lowest trust: out/{least} {trust[least]:.2f}, ")
    assert {path.name for path in Path("out").glob("*.png")} == {
        *plain,
        *(f"{name}.trust.png" for name in plain),
    }
    assert all((Path("out") / name).read_bytes() == data for name, data in plain.items())
    assert run_command(*command, "--trust").out == "0 done, 3 skipped (already there), 0 listed\n"
    again = run_command("infer", "runs/x", "out", "out2", "--trust", "--to", "a")
    assert again.out.endswith("3 done, 0 skipped (already there), 0 listed\n")


@pytest.mark.usefixtures("run_and_domains")
def test_a_backend_is_recorded_with_its_outputs(
    run_command: Run,
    register_plugin: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    register_plugin(InvertingPlugin())
    monkeypatch.setenv("TRANSLATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(InvertingExporter, "network", InvertingExporter.network)
    command = ("infer", RUN, "datasets/summer/test", "out", "--backend")
    first = run_command(*command, "inverter")
    assert (first.code, first.out.splitlines()[-1]) == (
        0,
        "3 done, 0 skipped (already there), 0 listed",
    )
    assert run_command(*command, "inverter").out == "0 done, 3 skipped (already there), 0 listed\n"
    refused = run_command(*command, "torch")
    assert refused.code == 2 and "was not made from this input with this model" in refused.err
    unknown = run_command(*command, "tensorrt")
    assert unknown.code == 2 and "unknown backend 'tensorrt'" in unknown.err
    tiled = run_command(*command, "inverter", "--tile", 64, "--overwrite")
    assert tiled.code == 2 and "translates images whole, as its norms use" in tiled.err
