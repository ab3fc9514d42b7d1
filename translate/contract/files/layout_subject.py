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
"""training size"""
MAX_ITEMS = 200
"""largest number of items that are all tested"""


@dataclass(frozen=True)
class LayoutSubject:
    """A layout under test, and the folder that it reads."""

    data: Data
    """the folder, its domains and the options of the layout"""

    @property
    def owner(self) -> object:
        """The class or function of the plugin."""
        return find("layout", split_part("layout", self.data.layout)[0])

    @cached_property
    def layout(self) -> Layout:
        """The layout, created once."""
        return self.make()

    def make(self, leave_out: tuple[Path, ...] = (), **changes: Any) -> Layout:
        """Create the layout without the files `leave_out`, with other settings of ``data``."""
        return check.open_layout(self.data.model_copy(update=changes), leave_out)

    @property
    def indices(self) -> list[int]:
        """Indices of the items to test: all, or if there are many the first 100 and the last 9."""
        count = len(self.layout)
        if count <= MAX_ITEMS:
            return list(range(count))
        return [*range(MAX_ITEMS // 2), *range(count - 9, count)]


@contextmanager
def make_subject(
    name: str, options: Mapping[str, Any], folder: Mapping[str, Any] | None
) -> Iterator[LayoutSubject]:
    """Yield the layout called `name` for testing.

    Args:
        name: The registered name.
        options: Options of the layout.
        folder: Settings of ``data``; None: a temporary folder with the domains ``a`` and ``b`` of
            five random images each, or with ``a`` alone if the layout reads only one domain.
    """
    settings = {f"data.{key}": value for key, value in (folder or {}).items()}
    settings = {"data.size": SIDE, **settings, "data.layout": {"name": name, **options}}
    with TemporaryDirectory() as root:
        if "data.domains" not in settings:
            _write_domains(Path(root))
            one_domain = layers.resolve_data({**settings, "data.root": root, "data.domains": ["a"]})
            two_domains = one_domain.model_copy(update={"domains": ("a", "b")})
            needs_one = open_problem(two_domains) and not open_problem(one_domain)
            yield LayoutSubject(one_domain if needs_one else two_domains)
        else:
            yield LayoutSubject(layers.resolve_data(settings))


def _write_domains(root: Path) -> None:
    """Write the domains ``a`` and ``b``, of five different random images each."""
    for number, domain in enumerate("ab"):
        for index in range(5):
            images = random_pixels(1, 3, SIDE + 8, SIDE + 16).roll(index + 9 * number, 3)
            write_image(root / domain / "train" / f"{index}.png", from_device(images)[0])


def open_problem(data: Data) -> str:
    """Return why the layout cannot open its folder; an empty string if it can."""
    try:
        check.open_layout(data)
    except (DataError, ConfigError) as error:
        return str(error).partition("\n")[0]
    except PluginError:
        return ""  # an error in the plugin, which the first rule reports
    return ""
