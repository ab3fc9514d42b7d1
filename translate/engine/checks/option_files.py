"""Files that options of a recipe name, such as the weights of a frozen teacher."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from translate.engine.config.schema import Config
from translate.engine.system import signatures
from translate.errors import ConfigError
from translate.registry import find


def locate_option_files(config: Config, directory: str = "") -> dict[str, str]:
    """Return an existing path for each option with a value that exists only in `directory`.

    Args:
        config: The configuration; its options of the type `Path` must name files or folders.
        directory: The working directory when the paths were typed; empty for the current one.

    Raises:
        ConfigError: There is no such file.
    """
    located: dict[str, str] = {}
    for name, option in signatures.read_options(find("recipe", config.recipe), ["spec"]).items():
        value = config.options.get(name)
        if value is None or Path not in _types(option.annotation) or Path(str(value)).exists():
            continue
        if not directory or not (Path(directory) / str(value)).exists():
            meaning = f" ({option.meaning})" if option.meaning else ""
            raise ConfigError(
                f"options.{name}{meaning}: there is no file or folder {value}: "
                f"--set options.{name}=PATH"
            )
        located[name] = str(Path(directory) / str(value))
    return located


def _types(annotation: Any) -> Iterator[Any]:
    """Yield an annotation and the types in it, such as ``Path`` in ``Path | None``."""
    yield annotation
    for argument in get_args(annotation):
        yield from _types(argument)
