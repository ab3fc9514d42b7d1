"""Our loop and the textbook's do the same maths: what makes a comparison of their speed one."""

import sys
from functools import partial
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize("recipe", ["cyclegan", "pix2pix"])
def test_our_loop_moves_the_weights_as_the_textbook_does(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import rig

    rig.draw(tmp_path, 32)
    settings = ["options.generator.width=4", "options.discriminator.width=4"]
    make = partial(
        rig.make, recipe, tmp_path, 32, steps=4, settings=settings, log_every=1, preview_every=0
    )
    equal = rig.compare(make, tmp_path / "run", double=True)
    for name in ("rig", "tables", "textbook"):
        sys.modules.pop(name, None)
    assert equal.loss < 1e-6  # the log has float32
    assert equal.weights < 1e-12
