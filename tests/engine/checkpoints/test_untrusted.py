"""Malicious checkpoints are refused in one line, before they take memory or time."""

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
import torch
from small_runs import replace_checkpoint_file
from training_states import change_json

from translate.engine.checkpoints import read
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.checkpoints.untrusted import MAX_HEADER_BYTES, MemoryLimit, check_header
from translate.engine.models import model
from translate.errors import CheckpointError, TranslateError

Change = Callable[[dict[str, Any]], object]


def tensor_file(header: Any, body: bytes = b"") -> bytes:
    """Return a file in the safetensors format."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(shape: list[Any], end: int) -> dict[str, Any]:
    """Return the entry of a tensor in the header; its values end at byte `end`."""
    return {"dtype": "F32", "shape": shape, "data_offsets": [0, end]}


VALID_HEADER = json.dumps({"a": entry([1], 4)}).encode()
DUPLICATE_NAMES = VALID_HEADER[:-1] + b"," + VALID_HEADER[1:]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no tensor file"),
        (b"\x80\x02pickle", "is no tensor file"),
        ((2**62).to_bytes(8, "little") + b"{}", "is no tensor file"),
        (tensor_file(b" " * (MAX_HEADER_BYTES + 1)), "is no tensor file"),
        (tensor_file(VALID_HEADER)[:-3], "is no tensor file, or truncated"),
        (tensor_file(DUPLICATE_NAMES, bytes(4)), "a name occurs twice"),
        (tensor_file({"a": entry([2**40, 0], 0)}), "a side of 1,099,511,627,776"),
        (tensor_file(b"[" * 100_000), "is not understood"),
        (tensor_file([1]), "is not understood"),
        (tensor_file({"a": 1}), "is not understood"),
        (tensor_file({"a": entry(["x"], 4)}), "is not understood"),
        (tensor_file({"a": entry([float("inf")], 4)}), "is not understood"),
    ],
)
def test_F4_a_malicious_header_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match=f"weights.safetensors.*{message}"):
        check_header(file)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (DUPLICATE_NAMES, "a name occurs twice"),  # safetensors itself accepts it
        ({"a": entry([2**20], 2**22)}, None),
        ({"a": entry([1], 8)}, None),
        ({"a": {**entry([1], 4), "x": 1}}, None),
    ],
)
def test_F4_a_wrong_header_is_one_line_when_weights_are_read(
    header: Any, message: str | None, tmp_path: Path
) -> None:
    run = small_checkpoints.gan(tmp_path / "run")
    path = forge(run, "weights.safetensors", tensor_file(header, bytes(4)))
    with pytest.raises(CheckpointError, match=message) as error:
        model.load(run)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def forge(run: Path, name: str, data: bytes) -> Path:
    """Replace a file of the run's only checkpoint and its digest; return the checkpoint."""
    (path,) = (run / "checkpoints").iterdir()
    replace_checkpoint_file(path, name, data)
    return path


def forge_state(run: Path, change: Change) -> None:
    """Let `change` modify ``state.json`` of the run's checkpoint."""
    (path,) = (run / "checkpoints").iterdir()
    change_json(path / "state.json", change)
    forge(run, "state.json", (path / "state.json").read_bytes())


@pytest.mark.parametrize(
    "generator",
    [
        {"name": "resnet", "width": 10**6, "blocks": 9},
        {"name": "resnet", "width": 4, "blocks": 10**9},
        {"name": "unet", "width": 10**7, "levels": 5},
    ],
)
def test_F6_a_small_file_that_names_a_huge_network_allocates_no_memory(
    generator: dict[str, Any], tmp_path: Path
) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    forge_state(run, lambda state: state["config"]["options"].update(generator=generator))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
    with pytest.raises(CheckpointError, match=r"is too small for the network that it names"):
        model.load(run)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 900_000


def test_a_network_as_large_as_its_file_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(bytes(1 << 20))
    with MemoryLimit(file):
        torch.nn.Linear(512, 512)
    with pytest.raises(CheckpointError), MemoryLimit(file):
        torch.nn.Linear(1 << 14, 1 << 14)


def test_F6_very_many_small_tensors_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(bytes(1 << 10))
    with pytest.raises(CheckpointError, match="is too small"), MemoryLimit(file):
        for _ in range(10_000):
            torch.empty(1)
    with MemoryLimit(file):  # as many as a large network has
        for _ in range(1_000):
            torch.empty(1)


@pytest.mark.parametrize("name", ["os.system", "translate_plugins.gan:GAN", "gan.py", "../gan", 7])
def test_F2_a_checkpoint_names_a_recipe_and_never_a_module_to_import(
    name: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = small_checkpoints.gan(tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    Path("gan.py").write_text("raise SystemExit('this was run')")
    forge_state(run, lambda state: state["config"].update(recipe=name))
    with pytest.raises(TranslateError, match="recipe"):
        model.load(run)


def test_F2_options_of_a_network_name_no_function_to_call(tmp_path: Path) -> None:
    run = small_checkpoints.gan(tmp_path / "run")
    generator = {"name": "mlp", "_target_": "os.system", "command": "touch here"}
    forge_state(run, lambda state: state["config"]["options"].update(generator=generator))
    with pytest.raises(TranslateError, match="'mlp' has no option '_target_'"):
        model.load(run)


@pytest.mark.parametrize(
    "state", [b"[" * 100_000, b"{}", b'{"spec": 1}', b"\xff", b'{"step": 1' + b"0" * 5000 + b"}"]
)
def test_a_malformed_state_file_is_a_one_line_error(state: bytes, tmp_path: Path) -> None:
    run = small_checkpoints.gan(tmp_path / "run")
    forge(run, "state.json", state)
    with pytest.raises(CheckpointError) as error:
        read.read_checkpoint(resolve(run)[0])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.update(step=float("inf")),
        lambda state: state["spec"].update(size=[[8], "8"]),
        lambda state: state["spec"].update(size=[-8, 8]),
        lambda state: state["spec"].update(domains=3),
        lambda state: state["spec"]["domains"][0].update(channels=3_000_000),
        lambda state: state["config"]["options"]["generator"].update(width=-2),
        lambda state: state["config"]["options"].update(
            generator={"name": "unet", "levels": 10**9}
        ),
        lambda state: state["config"]["options"].update(generator={"name": ["mlp"] * 500}),
        lambda state: state["config"]["options"].update({"a\nb" * 500: 1}),
    ],
)
def test_a_well_formed_state_file_with_wrong_values_is_a_one_line_error(
    change: Change, tmp_path: Path
) -> None:
    run = small_checkpoints.gan(tmp_path / "run")
    forge_state(run, change)
    with pytest.raises(TranslateError) as error:
        model.load(run)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "fetch the file with `git lfs pull`"),
        (b"\x80\x02cut", "is a file: expected a run folder"),
        (b"", "is a file: expected a run folder"),
    ],
)
def test_a_file_of_another_program_is_distinguished_from_a_typo(
    data: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "latest_net_G.pth").write_bytes(data)
    with pytest.raises(CheckpointError, match=message):
        resolve(tmp_path / "latest_net_G.pth")
