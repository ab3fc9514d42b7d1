"""Models on the Hub: downloaded once, pinned, and refused if they are not what was uploaded."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fake_hub
import pytest
import small_checkpoints
from fake_hub import FakeHub

from translate.engine.checkpoints.contents import digest_of
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.checkpoints.references import hub as hub_client
from translate.engine.checkpoints.references.lookup import resolve
from translate.errors import CheckpointError
from translate.exchange.publication.hub_upload import push
from translate.exchange.publication.model_files import collect_files

pytest.importorskip("huggingface_hub")
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # of httpx2
REFERENCE = "hf-hub:org/small"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Run a Hub with one model, and with an empty cache."""
    with fake_hub.connected_hub(monkeypatch, tmp_path / "hub-cache") as server:
        run = small_checkpoints.cyclegan(tmp_path / "run")
        push(collect_files(resolve(run)[0], "small", "# small\n"), "org/small")
        server.requests.clear()
        yield server


def test_a_model_is_downloaded_once_and_pinned_to_its_commit(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, problems = resolve(REFERENCE)
    assert not problems
    assert digest_of(path) == digest_of(resolve(tmp_path / "run")[0])
    (commit,) = {*hub.repositories["org/small"].branches.values()}
    pinned = hub_client.pin(REFERENCE, path)
    assert pinned == f"{REFERENCE}@{commit}"
    assert resolve(pinned)[0] == path
    assert InitialWeights(Path(REFERENCE)).facts["run"] == pinned
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    hub.requests.clear()
    assert resolve(REFERENCE)[0] == resolve(pinned)[0] == path
    assert not hub.requests
    with pytest.raises(CheckpointError, match="not in the cache as a whole, and the Hub cannot"):
        resolve("hf-hub:org/other")


def test_only_json_and_safetensors_of_checkpoints_are_downloaded(
    hub: FakeHub, tmp_path: Path
) -> None:
    repository = hub.repositories["org/small"]
    files = dict(repository.commits[repository.branches["main"]])
    step = "checkpoints/step-00000001"
    extra = {"setup.py": b"1", "model.pt": b"2", f"{step}/weights.pt": b"3", "x/config.py": b"4"}
    repository.commit("main", {**files, **extra, f"{step}/training.safetensors": b"5"})
    resolve(REFERENCE)
    names = {path.name for path in (tmp_path / "hub-cache").rglob("*") if path.suffix}
    assert {"MANIFEST.json", "state.json", "weights.safetensors"} <= names
    assert not names & {"setup.py", "model.pt", "weights.pt", "config.py", "training.safetensors"}
    assert not [r for r in hub.requests if r.endswith((".py", ".pt", "README.md"))]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"refuse": 401}, "is not on the Hub, or is private: check the name"),
        ({"refuse": 403}, r"the Hub refuses access \(403\)"),
        ({"refuse": 404}, "is not on the Hub, or is private"),
        ({"gated": True}, "is gated: accept its terms at http://127.0.0.1"),
        ({"repositories": {}}, "is not on the Hub, or is private"),
    ],
    ids=["401", "403", "404", "gated", "removed"],
)
def test_a_refusal_of_the_hub_is_an_error_of_one_line(
    state: dict[str, Any], message: str, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    vars(hub).update(state)
    with pytest.raises(CheckpointError, match=message) as caught:
        resolve(REFERENCE)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("hub")
def test_an_unknown_revision_is_named() -> None:
    with pytest.raises(CheckpointError, match="small@v9: there is no such revision"):
        resolve(f"{REFERENCE}@v9")


@pytest.mark.parametrize("fault", ["cut", "corrupt"])
def test_a_damaged_download_is_refused_and_never_used_later(
    fault: str, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pauses = SimpleNamespace(sleep=lambda _: None)  # a second before each of 5 retries
    monkeypatch.setattr("huggingface_hub.file_download.time", without_pauses)
    hub.fault = fault
    with pytest.raises(CheckpointError, match=r"weights\.safetensors|The same command tries again"):
        resolve(REFERENCE)
    hub.fault = ""
    path, _ = resolve(REFERENCE)
    assert path.is_dir()


@pytest.mark.parametrize("name", ["org", "../x/y", "org/name/more", "org/..", "org/na me", ""])
def test_a_reference_that_names_no_repository_is_refused(name: str) -> None:
    with pytest.raises(CheckpointError, match="expected hf-hub:org/name"):
        resolve(f"hf-hub:{name}")
