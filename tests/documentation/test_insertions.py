"""Code and the gallery are inserted into pages."""

from pathlib import Path

import pytest
from command_result import ROOT
from documentation.insertions import insert


def test_the_source_of_a_method_is_inserted_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(
        "class A:\n    def f(self):\n        # why\n        return 1\n\n    x = 2\n"
    )
    text = insert("Before\n<!-- insert: code m.py A.f -->\nAfter", tmp_path)
    assert text.startswith("Before\n```python\ndef f(self):\n    # why\n    return 1\n```\n")
    assert "*`A.f` of `m.py`, as it is.*\nAfter" in text


def test_a_name_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match=r"m\.py has no f"):
        insert("<!-- insert: code m.py f -->", tmp_path)


def test_the_reason_why_a_block_is_not_run_is_shown(tmp_path: Path) -> None:
    assert insert("<!-- not run: needs Slurm -->\n```\n", tmp_path) == (
        "*Not run as printed: needs Slurm.*\n\n```\n"
    )


def test_the_gallery_has_the_image_steps_and_commands_of_each_example() -> None:
    text = insert("<!-- insert: gallery -->", ROOT)
    title = "CycleGAN, summer to winter: input, output, ground truth"
    assert f"![{title}](gallery/cyclegan.jpg)" in text
    assert "*1200 steps." in text
    assert "translate train --config cyclegan-small --steps 1200 --out runs/cyclegan\n" in text
    assert "pip install ./tests/examples/translate_vae\ntranslate train --config vae-mnist" in text
