"""The navigation of the site."""

from pathlib import Path

from command_result import ROOT
from documentation import navigation

TEXT = (ROOT / "zensical.toml").read_text()


def test_pages_from_the_code_are_added_below_their_index(tmp_path: Path) -> None:
    for name in ("index", "train", "infer"):
        (tmp_path / "reference/commands").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"reference/commands/{name}.md").touch()
    complete = navigation.complete(TEXT, tmp_path)
    pages = navigation.pages(complete)
    at = pages.index("reference/commands/index.md")
    assert pages[at + 1 : at + 3] == ["reference/commands/infer.md", "reference/commands/train.md"]
