"""Names of outputs, chosen before any translation: the relative paths of the inputs, below OUT."""

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
"""number of clashes that the message of an error names"""


@dataclass
class OutputNames:
    """Chooses names of outputs, one folder after another.

    A new suffix replaces the old one: ``x.gif`` becomes ``x.png``, or ``x.gif.png`` if ``x.png``
    exists. For the arguments, see `suffix_of_result`.
    """

    target: Domain = UNNAMED
    form: str | None = None
    gray: bool = False
    clashes: list[str] = field(default_factory=list, init=False)
    """pairs of images with outputs that would have one name"""

    def __post_init__(self) -> None:
        self._suffix = cache(suffix_of_result(self.target, self.form, gray=self.gray))

    def name(self, siblings: Siblings) -> Iterator[tuple[str, str]]:
        """Yield the path of each image of a folder, with the path of its output."""
        images = siblings.images
        suffixes = (split_suffix(name)[1] for name in images)
        is_kept = [self._suffix(suffix) == suffix for suffix in suffixes]
        taken_names = {folded(name) for name, keep in zip(images, is_kept, strict=True) if keep}
        if all(is_kept) and len(taken_names) == len(is_kept):
            del is_kept, taken_names  # there may be millions
            yield from zip(images, images, strict=True)
            return
        taken_names.update(map(folded, siblings.folders))
        image_of_output = dict[str, str]()
        for name, keep in zip(images, is_kept, strict=True):
            output = name
            if not keep:
                stem, suffix = split_suffix(name)
                output = f"{stem}{self._suffix(suffix)}"
                output = (
                    f"{name}{self._suffix(suffix)}" if folded(output) in taken_names else output
                )
                taken_names.add(folded(output))
            if (first := image_of_output.setdefault(folded(output), name)) is not name:
                self.clashes.append(f"{first} and {name}")
            yield name, output

    def require_no_clash(self) -> None:
        """Raise `ConfigError` if two outputs have one name, on this or another file system."""
        if self.clashes:
            more = "; ..." if len(self.clashes) > MAX_LISTED_CLASHES else ""
            listed = "; ".join(self.clashes[:MAX_LISTED_CLASHES])
            raise ConfigError(
                f"outputs of two images would have one name, rename one of each: {listed}{more}."
            )


def suffix_of_result(
    target: Domain, form: str | None = None, *, gray: bool = False
) -> Callable[[str], str]:
    """Return a function from the suffix of an image to the suffix of its output.

    Args:
        target: the domain of the output.
        form: the suffix of outputs; None: the suffix of the image, if its format can store the
            output (label maps without loss).
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
