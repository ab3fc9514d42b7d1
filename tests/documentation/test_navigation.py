"""The navigation of the site."""

from pathlib import Path

from command_result import ROOT
from documentation import navigation


def test_generated_pages_are_added_below_their_index(tmp_path: Path) -> None:
    (tmp_path / "reference/commands").mkdir(parents=True)
    for name in ("index", "train", "infer"):
        (tmp_path / f"reference/commands/{name}.md").touch()
    config = (ROOT / "zensical.toml").read_text()
    pages = navigation.pages(navigation.complete(config, tmp_path))
    index = pages.index("reference/commands/index.md")
    assert pages[index + 1 : index + 3] == [
        "reference/commands/infer.md",
        "reference/commands/train.md",
    ]
