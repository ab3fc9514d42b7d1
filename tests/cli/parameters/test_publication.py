"""Messages of `translate pack` and `translate push` about the model card."""

from pathlib import Path

import pytest
import small_checkpoints
from PIL import Image

from translate.cli.parameters.publication import prepare


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a run with a preview."""
    run = small_checkpoints.cyclegan(tmp_path / "run")
    (run / "previews").mkdir()
    Image.new("RGB", (8, 8)).save(run / "previews/step-00000001.png")
    return run


def test_images_of_the_data_and_unknown_licences_are_named(run: Path) -> None:
    publication = prepare(run, "x.zip", "x", licence="mit", data_licence=None, no_preview=False)
    preview, licences = publication.messages
    assert str(run / "previews/step-00000001.png") in preview and "--no-preview" in preview
    assert licences.endswith(": set --data-license NAME")


def test_a_card_with_licences_and_without_a_preview_has_no_message(run: Path) -> None:
    publication = prepare(run, "x.zip", "x", licence="mit", data_licence="cc0-1.0", no_preview=True)
    assert publication.messages == []


def test_the_written_file_is_reported_before_the_messages(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(run, "x", "x", licence=None, data_licence=None, no_preview=True).report("x.zip: 1 MB")
    place, licences = capsys.readouterr().out.splitlines()
    assert place == "x.zip: 1 MB" and licences.endswith("set --license NAME, --data-license NAME")
