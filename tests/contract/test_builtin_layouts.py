"""Built-in layouts and the layout of the plugin guide keep the rules."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from command_result import ROOT

from translate.errors import ConfigError
from translate.testing import check_layout


@pytest.mark.parametrize("name", ["unpaired", "paired", "images"])
def test_built_in_layouts_keep_the_rules(name: str) -> None:
    check_layout(name)


def test_built_in_layouts_that_need_other_folders_keep_the_rules(
    image_folder: Any, tmp_path: Path
) -> None:
    for label in ("7", "8"):
        image_folder(f"digits/train/{label}", 2)
    image_folder("pairs", 2)
    image_folder("outputs", 2)
    for number in range(2):
        (tmp_path / f"pairs/{number:04}.png").rename(tmp_path / f"pairs/{number}_in.png")
        (tmp_path / f"outputs/{number:04}.png").rename(tmp_path / f"pairs/{number}_out.png")
    (tmp_path / "pairs.csv").write_text("pairs/0_in.png,pairs/0_out.png\n"
                                        "pairs/1_in.png,pairs/1_out.png\n")  # fmt: skip
    image_folder("text", 2)
    (tmp_path / "text/captions.jsonl").write_text(
        "".join(f'{{"file": "{n:04}.png", "text": "a disc"}}\n' for n in range(2))
    )
    root = {"root": str(tmp_path)}
    check_layout("labelled", data={**root, "domains": ["digits"]})
    check_layout("captioned", data={**root, "domains": ["text"]})
    check_layout("suffix", data={**root, "domains": ["pairs"]}, source="_in", target="_out")
    check_layout("csv", data={**root, "domains": ["in", "out"]}, file="pairs.csv")
    halves = {"root": str(tmp_path / "pairs"), "domains": ["left", "right"]}
    check_layout("side-by-side", data=halves, sides=["left", "right"])
    with pytest.raises(ConfigError, match=r"not tested: give it a folder by data\.root"):
        check_layout("labelled")


def test_the_layout_of_the_guide_keeps_the_rules(register_plugin, tmp_path: Path) -> None:
    guide = (ROOT / "plugins/README.md").read_text()
    code = guide.partition("## A layout\n")[2].partition("```python\n")[2].partition("```")[0]
    (tmp_path / "frames.py").write_text(code)
    spec = spec_from_file_location("frames", tmp_path / "frames.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    register_plugin(module, "frames:frames")
    check_layout("frames")
    check_layout("frames", step=2)
