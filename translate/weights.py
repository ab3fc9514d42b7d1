"""Files of pretrained weights, which plugins declare and PyTorch's cache stores."""

import hashlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translate.errors import ConfigError, MissingWeightsError, describe_error

if TYPE_CHECKING:
    from torch import Tensor

HASH = re.compile(r"-([0-9a-f]{8,64})\.\w+$")
"""first digits of the sha256 at the end of a file name, as in names of PyTorch's files"""


@dataclass(frozen=True)
class PretrainedFile:
    """A file of weights of a published network, in PyTorch's cache.

    A metric or loss declares the files that it needs in the class attribute ``pretrained``, so that
    ``translate weights`` lists them, and copies downloaded files into the cache.
    """

    name: str
    """the file's name in the cache, such as ``vgg16-397923af.pth``"""
    network: str
    """the network, its paper and what it was trained on"""
    url: str
    """the URL of the file"""
    megabytes: int
    """its size in MiB"""
    licence: str
    torchscript: bool = False
    """True: a TorchScript archive; False: a dictionary of tensors"""
    sha256: str = ""
    """all or the first hexadecimal digits of its sha256; by default those at the end of its name"""

    def __post_init__(self) -> None:
        if not self.sha256:
            digits = HASH.search(self.name)
            if digits is None:
                raise ValueError(f"sha256: expected digits, as {self.name!r} does not end with any")
            object.__setattr__(self, "sha256", digits[1])

    @property
    def path(self) -> Path:
        """The path of the file, in ``hub/checkpoints`` of ``$TORCH_HOME``."""
        import torch.hub  # takes a second, and lists of names do not need it

        return Path(torch.hub.get_dir()) / "checkpoints" / self.name

    @property
    def present(self) -> bool:
        """Whether the file exists; `require` also checks its content."""
        return self.path.is_file()

    @property
    def instructions(self) -> str:
        """How to get the file, in one sentence: URL, size, licence and command."""
        return (
            f"download {self.url} ({self.megabytes} MB, {self.licence}), then: "
            f"translate weights add {self.url.rpartition('/')[2]}"
        )

    def require(self) -> Path:
        """Return the path of the file, after a check of its content.

        Raises:
            ConfigError: It is missing, incomplete or another file.
        """
        self._check_content()
        self.check_tensors(self.path)
        return self.path

    def load(self) -> "dict[str, Tensor]":
        """Return the tensors of a file that is not a TorchScript archive, by name, on the CPU.

        Raises:
            ConfigError: The file is missing, incomplete or another file.
        """
        self._check_content()
        return self._read(self.path)

    def _check_content(self) -> None:
        """Raise `ConfigError` unless the file exists and has the published hash."""
        if not self.present:
            raise MissingWeightsError(
                f"{self.name} is missing from {self.path.parent}: {self.instructions}"
            )
        self.check_hash(self.path)

    def check_hash(self, file: Path) -> None:
        """Raise `ConfigError` unless `file` has the hash of the published file."""
        digest = hash_file(file)
        if not digest.startswith(self.sha256):
            raise ConfigError(
                f"{file} is incomplete or another file: its sha256 begins with {digest[:8]}, not "
                f"{self.sha256[:8]}: {self.instructions}"
            )

    def check_tensors(self, file: Path) -> None:
        """Raise `ConfigError` unless `file` loads; TorchScript requires its whole hash."""
        self._read(file)

    def _read(self, file: Path) -> Any:
        """Return the content of `file`: tensors by name, or a TorchScript module."""
        import torch

        try:
            if not self.torchscript:
                return torch.load(file, map_location="cpu", weights_only=True)
            if len(self.sha256) < 64:
                raise ValueError("a TorchScript archive requires all digits of its sha256")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # TorchScript is deprecated
                return torch.jit.load(file, map_location="cpu")
        except Exception as error:
            raise ConfigError(
                f"{file} cannot be loaded ({describe_error(error)}): {self.instructions}"
            ) from error


def hash_file(file: Path) -> str:
    """Return the sha256 of `file` as 64 hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
