"""Files that options of a recipe name are found before training, from any directory."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
from valid_recipe import ValidRecipe, register_parts

from translate.engine.checks.option_files import locate_option_files
from translate.engine.config.layers import resolve
from translate.engine.config.schema import Config
from translate.errors import ConfigError


class Distilled(ValidRecipe):
    """A recipe with an option that is a path, and an option that is text."""

    def __init__(
        self,
        spec: object,
        teacher: Annotated[Path | None, "weights of the teacher"] = None,
        note: str = "no.pth",
    ) -> None:
        super().__init__(spec)
        self.teacher, self.note = teacher, note


@pytest.fixture
def config(register_plugin: Callable[..., object]) -> Callable[..., Config]:
    register_parts(register_plugin, recipes={"distilled": Distilled})
    return lambda **options: resolve("distilled", config={"options": options})


def test_a_missing_file_is_an_error_that_names_the_option(config: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError) as error:
        locate_option_files(config(teacher="nowhere.pth"))
    assert str(error.value) == (
        "options.teacher (weights of the teacher): there is no file or folder nowhere.pth: "
        "--set options.teacher=PATH"
    )
    assert locate_option_files(config()) == {}  # the option `note` is not a path


def test_a_file_is_also_found_from_the_directory_of_the_run(
    config: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/teacher.pth").touch()
    paths = locate_option_files(config(teacher="teacher.pth"), str(tmp_path / "there"))
    assert paths == {"teacher": str(tmp_path / "there/teacher.pth")}
    monkeypatch.chdir(tmp_path / "there")
    assert locate_option_files(config(teacher="teacher.pth")) == {}
