"""What is uploaded is what inference reads, and replaces what was there."""

from collections.abc import Iterator
from pathlib import Path

import fake_hub
import pytest
import small_checkpoints
from fake_hub import FakeHub

from translate.engine.checkpoints.references.lookup import resolve
from translate.errors import CheckpointError
from translate.exchange.publication.hub_upload import push
from translate.exchange.publication.published import publish

pytest.importorskip("huggingface_hub")
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # of httpx2


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Run an empty Hub."""
    with fake_hub.connected_hub(monkeypatch, tmp_path / "hub-cache") as server:
        yield server


def test_a_second_upload_replaces_the_checkpoints_of_the_first(
    hub: FakeHub, tmp_path: Path
) -> None:
    late = publish(resolve(small_checkpoints.gan(tmp_path / "a", step=900))[0], "small", "# a\n")
    early = publish(resolve(small_checkpoints.gan(tmp_path / "b", step=30))[0], "small", "# b\n")
    push(late, "org/small", private=True)
    upload = push(early, "org/small")
    repository = hub.repositories["org/small"]
    assert repository.private
    assert repository.commits[str(upload.reference.revision)].keys() == early.files.keys()
    assert resolve("hf-hub:org/small")[0].name == "step-00000030"


def test_a_branch_is_made_and_main_is_not_changed(hub: FakeHub, tmp_path: Path) -> None:
    model = publish(resolve(small_checkpoints.gan(tmp_path / "a"))[0], "small", "# a\n")
    upload = push(model, "org/small", revision="trial")
    repository = hub.repositories["org/small"]
    assert repository.branches["trial"] == upload.reference.revision
    assert not repository.commits[repository.branches["main"]]


@pytest.mark.parametrize(("status", "message"), [(401, "is private"), (403, "refuses access")])
def test_what_the_hub_refuses_is_one_clear_line(
    status: int, message: str, hub: FakeHub, tmp_path: Path
) -> None:
    hub.refuse = status
    model = publish(resolve(small_checkpoints.gan(tmp_path / "a"))[0], "small", "# a\n")
    with pytest.raises(CheckpointError, match=message):
        push(model, "org/small")
    assert not hub.repositories
