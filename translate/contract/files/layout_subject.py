"""A layout under test, on a given folder or on two small generated domains."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from translate.batches import Layout
from translate.contract.rules import random_pixels
from translate.engine.config import layers
from translate.engine.config.schema import Data
from translate.engine.data import check
from translate.errors import ConfigError, DataError, PluginError
from translate.images.encode import write_image
from translate.images.tensors import from_device
from translate.registry import find, split_part

SIDE = 32
MANY = 200
"""items up to which all are checked"""


@dataclass(frozen=True)
class LayoutSubject:
    """A layout under test, and the folder that it reads."""

    data: Data

    @property
    def owner(self) -> object:
        """The class or function of the plugin."""
        return find("layout", split_part("layout", self.data.layout)[0])

    @property
    def example(self) -> Any:
        """No batch: messages do not name its fields."""
        return None

    @cached_property
    def layout(self) -> Layout:
        """The layout of the folder."""
        return self.make()

    def make(self, leave_out: tuple[Path, ...] = (), **changes: Any) -> Layout:
        """Open the layout again, with `changes` of its settings."""
        return check.open_layout(self.data.model_copy(update=changes), leave_out)

    @property
    def indices(self) -> list[int]:
        """The items that are checked: all, or the first and last ones of many."""
        count = len(self.layout)
        return (
            list(range(count)) if count <= MANY else [*range(MANY // 2), *range(count - 9, count)]
        )


@contextmanager
def make_subject(
    name: str, options: Mapping[str, Any], folder: Mapping[str, Any] | None
) -> Iterator[LayoutSubject]:
    """Yield the layout called `name` with its options and ``data`` of `folder`, to be tested.

    Without one, a temporary folder gets the domains ``a`` and ``b`` of five random images each.
    """
    settings = {f"data.{key}": value for key, value in (folder or {}).items()}
    settings = {"data.size": SIDE, **settings, "data.layout": {"name": name, **options}}
    with TemporaryDirectory() as root:
        if "data.domains" not in settings:
            _draw(Path(root))
            single = layers.resolve_data({**settings, "data.root": root, "data.domains": ["a"]})
            double = single.model_copy(update={"domains": ("a", "b")})
            yield LayoutSubject(double if not problem(double) or problem(single) else single)
        else:
            yield LayoutSubject(layers.resolve_data(settings))


def _draw(root: Path) -> None:
    for number, domain in enumerate("ab"):
        for index in range(5):
            images = random_pixels(1, 3, SIDE + 8, SIDE + 16).roll(index + 9 * number, 3)
            write_image(root / domain / "train" / f"{index}.png", from_device(images)[0])


def problem(data: Data) -> str:
    """Return why the layout cannot read its folder; an empty string if it can."""
    try:
        check.open_layout(data)
    except (DataError, ConfigError) as error:
        return str(error).partition("\n")[0]
    except PluginError:
        return ""  # the first rule says so
    return ""
