"""Pages that people wrote, and their links in the site."""

from pathlib import Path

import pytest
from command_result import ROOT
from documentation import pages


def test_links_between_pages_become_links_of_the_site() -> None:
    text = "[a](../plugins/README.md#hooks) ![b](digits.png) [c](faults.md) [d](reference/hooks.md)"
    assert pages.rewrite_links(text, "docs/methods.md", ROOT) == (
        "[a](plugins.md#hooks) ![b](digits.png) [c](faults.md) [d](reference/hooks.md)"
    )
    text = "[a](reference.md#metrics) [b](reference.md#commands)"
    assert pages.rewrite_links(text, "docs/methods.md", ROOT) == (
        "[a](reference/metrics.md) [b](reference/commands/index.md)"
    )
    assert (
        pages.rewrite_links("[d](../docs/doctor.md)", "plugins/README.md", ROOT) == "[d](doctor.md)"
    )


def test_links_to_files_that_are_not_in_the_site_become_text() -> None:
    text = "[tests/examples](../tests/examples/translate_flow), [web](https://pytorch.org)"
    assert pages.rewrite_links(text, "plugins/README.md", ROOT) == (
        "tests/examples, [web](https://pytorch.org)"
    )


def test_blocks_of_code_are_left_as_they_are() -> None:
    text = "```\n[a](nowhere.md)\n```\n"
    assert pages.rewrite_links(text, "docs/methods.md", ROOT) == text


def test_a_link_to_a_file_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"docs/methods\.md: nowhere\.md does not exist"):
        pages.rewrite_links("[a](nowhere.md)", "docs/methods.md", ROOT)


def test_every_page_of_the_checkout_is_in_the_site() -> None:
    written = pages.written_pages(ROOT)
    docs = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert docs - set(written) == {"reference.md"}, "the site has generated pages instead"
    assert {"plugins.md", "configurations.md", "datasets.md", "benchmarks.md"} <= set(written)


def test_images_are_copied_next_to_the_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "generated_pages", lambda: {"reference/x.md": "# x\n"})
    pages.write(ROOT, tmp_path / "docs")
    assert (tmp_path / "docs/reference/x.md").read_text() == "# x\n"
    assert (tmp_path / "docs/digits.png").read_bytes() == (ROOT / "docs/digits.png").read_bytes()
