"""A layout under test: on a folder that is given, or on two small domains that are drawn."""

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
"""files from which on not every item is looked at"""


@dataclass(frozen=True)
class LayoutSubject:
    """A layout under test, and the folder that it reads."""

    asked: Data

    @property
    def owner(self) -> object:
        """What the plugin registered: the place of its code."""
        return find("layout", split_part("layout", self.asked.layout)[0])

    @property
    def example(self) -> Any:
        """Nothing: no message is about a batch's fields."""
        return None

    @cached_property
    def layout(self) -> Layout:
        """The layout of the folder."""
        return self.make()

    def make(self, leave_out: tuple[Path, ...] = (), **changes: Any) -> Layout:
        """Make the layout anew."""
        return check.open_layout(self.asked.model_copy(update=changes), leave_out)

    @property
    def indices(self) -> list[int]:
        """The items that are looked at: all, or the first and last of very many."""
        count = len(self.layout)
        return (
            list(range(count)) if count <= MANY else [*range(MANY // 2), *range(count - 9, count)]
        )


@contextmanager
def subject(
    name: str, given: Mapping[str, Any], folder: Mapping[str, Any] | None
) -> Iterator[LayoutSubject]:
    """Yield the layout called `name` with its options and ``data`` of `folder`, to be tested.

    Without one, the domains ``a`` and ``b`` of five images each are drawn into a temporary folder.
    """
    settings = {f"data.{key}": value for key, value in (folder or {}).items()}
    settings = {"data.size": SIDE, **settings, "data.layout": {"name": name, **given}}
    with TemporaryDirectory() as place:
        if "data.domains" not in settings:
            _draw(Path(place))
            one = layers.resolve_data({**settings, "data.root": place, "data.domains": ["a"]})
            two = one.model_copy(update={"domains": ("a", "b")})
            yield LayoutSubject(two if not why_not(two) or why_not(one) else one)
        else:
            yield LayoutSubject(layers.resolve_data(settings))


def _draw(root: Path) -> None:
    for number, domain in enumerate("ab"):
        for index in range(5):
            shown = random_pixels(1, 3, SIDE + 8, SIDE + 16).roll(index + 9 * number, 3)
            write_image(root / domain / "train" / f"{index}.png", from_device(shown)[0])


def why_not(asked: Data) -> str:
    """Return why the layout cannot read its folder; nothing where it can."""
    try:
        check.open_layout(asked)
    except (DataError, ConfigError) as error:
        return str(error).partition("\n")[0]
    except PluginError:
        return ""  # the first rule says so
    return ""
