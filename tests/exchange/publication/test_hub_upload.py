"""An upload to the Hub replaces the checkpoints of the repository or of a branch."""

from collections.abc import Iterator
from pathlib import Path

import fake_hub
import pytest
import small_checkpoints
from fake_hub import FakeHub

from translate.engine.checkpoints.references.lookup import resolve
from translate.errors import CheckpointError
from translate.exchange.publication.hub_upload import push
from translate.exchange.publication.model_files import ModelFiles, collect_files

pytest.importorskip("huggingface_hub")
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # of httpx2


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Run a local Hub without repositories."""
    with fake_hub.connected_hub(monkeypatch, tmp_path / "hub-cache") as server:
        yield server


def small_model(run: Path, step: int = 1) -> ModelFiles:
    return collect_files(resolve(small_checkpoints.gan(run, step=step))[0], "small", "# card\n")


def test_a_second_upload_replaces_the_checkpoints_of_the_first(
    hub: FakeHub, tmp_path: Path
) -> None:
    first, second = small_model(tmp_path / "first", 900), small_model(tmp_path / "second", 30)
    push(first, "org/small", private=True)
    upload = push(second, "org/small")
    repository = hub.repositories["org/small"]
    assert repository.private
    assert repository.commits[str(upload.reference.revision)].keys() == second.files.keys()
    assert resolve("hf-hub:org/small")[0].name == "step-00000030"


def test_a_branch_is_created_and_main_is_not_changed(hub: FakeHub, tmp_path: Path) -> None:
    upload = push(small_model(tmp_path / "run"), "org/small", revision="trial")
    repository = hub.repositories["org/small"]
    assert repository.branches["trial"] == upload.reference.revision
    assert not repository.commits[repository.branches["main"]]


@pytest.mark.parametrize(("status", "message"), [(401, "is private"), (403, "refuses access")])
def test_an_upload_that_the_hub_refuses_is_an_error(
    status: int, message: str, hub: FakeHub, tmp_path: Path
) -> None:
    hub.refuse = status
    with pytest.raises(CheckpointError, match=message):
        push(small_model(tmp_path / "run"), "org/small")
    assert not hub.repositories
