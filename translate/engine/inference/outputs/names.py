"""Names of outputs, chosen before any translation: the relative path of the input, below OUT."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from translate.batches import UNNAMED, Domain
from translate.errors import ConfigError
from translate.folders.walk import Siblings, folded, split_suffix
from translate.images.domains.levels import is_photographic
from translate.images.files.format_registry import (
    can_hold,
    default_suffix,
    is_lossy,
    is_same_format,
    output_suffix,
    writable_suffixes,
)

MAX_LISTED_CLASHES = 10


@dataclass
class OutputNames:
    """Chooses names of outputs, one folder after another.

    A new suffix replaces the old one: ``x.gif`` becomes ``x.png``, or ``x.gif.png`` if ``x.png`` is
    taken. The arguments are those of `suffix_of_result`.
    """

    target: Domain = UNNAMED
    form: str | None = None
    gray: bool = False
    clashes: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._suffix = cache(suffix_of_result(self.target, self.form, gray=self.gray))

    def name(self, siblings: Siblings) -> Iterator[tuple[str, str]]:
        """Yield the path of each image of a folder, with the path of its output."""
        images = siblings.images
        kept = [self._suffix(suffix) == suffix for suffix in map(_suffix_of, images)]
        taken = {folded(name) for name, keep in zip(images, kept, strict=True) if keep}
        if all(kept) and len(taken) == len(kept):
            del kept, taken  # there may be millions
            yield from zip(images, images, strict=True)
            return
        taken.update(map(folded, siblings.folders))
        claims = dict[str, str]()
        for name, keep in zip(images, kept, strict=True):
            new = name
            if not keep:
                stem, suffix = split_suffix(name)
                new = f"{stem}{self._suffix(suffix)}"
                new = f"{name}{self._suffix(suffix)}" if folded(new) in taken else new
                taken.add(folded(new))
            if (first := claims.setdefault(folded(new), name)) is not name:
                self.clashes.append(f"{first} and {name}")
            yield name, new

    def require_no_clash(self) -> None:
        """Raise `ConfigError` if two outputs have one name, on this or another file system."""
        if self.clashes:
            more = "; ..." if len(self.clashes) > MAX_LISTED_CLASHES else ""
            listed = "; ".join(self.clashes[:MAX_LISTED_CLASHES])
            raise ConfigError(
                f"outputs of two images would have one name, rename one of each: {listed}{more}."
            )


def _suffix_of(name: str) -> str:
    return split_suffix(name)[1]


def suffix_of_result(
    target: Domain, form: str | None = None, *, gray: bool = False
) -> Callable[[str], str]:
    """Return a function from the suffix of an image to that of its output.

    Args:
        target: the domain of the output.
        form: the suffix of outputs; None: that of the image, if its format can store the output
            (of label maps: without loss).
        gray: whether outputs of images in a format without colour are gray.

    Raises:
        ConfigError: no format can store the output.
    """
    channels, dtype, alpha = target.channels, target.dtype, target.alpha
    if is_photographic(target) and (form or not writable_suffixes(channels, dtype)):
        dtype = "uint8"  # the lost bits are reported in a note
    other = (
        output_suffix(form, channels, dtype)
        if form
        else default_suffix(channels, dtype, alpha=alpha)
    )

    def choose(suffix: str) -> str:
        count = 1 if gray and not can_hold(suffix, 3) else channels
        keeps = can_hold(suffix, count, dtype, alpha=alpha)
        if target.labels and not form and keeps and is_lossy(suffix):
            keeps = False  # classes would be blended at edges
        return suffix if keeps and (not form or is_same_format(suffix, other)) else other

    return choose
