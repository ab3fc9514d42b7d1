"""Files of pretrained weights, which plugins declare and PyTorch keeps in its cache."""

import hashlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translate.errors import ConfigError, describe_error

if TYPE_CHECKING:
    from torch import Tensor

HASH = re.compile(r"-([0-9a-f]{8,64})\.\w+$")
"""digits of a hash at the end of a name, as PyTorch's own files have them"""


@dataclass(frozen=True)
class PretrainedFile:
    """The weights of a published network, a file of PyTorch's cache.

    A metric or loss declares those that it needs in the class attribute ``pretrained``: ``translate
    weights`` then lists them, and adds a file that was downloaded.
    """

    name: str
    """the file's name in the cache, such as ``vgg16-397923af.pth``"""
    network: str
    """the network, its paper and what it was trained on"""
    url: str
    """where the file is published"""
    megabytes: int
    """its size in MB of 2^20 bytes"""
    licence: str
    torchscript: bool = False
    """True: an archive of TorchScript; False: a dictionary of tensors"""
    sha256: str = ""
    """hexadecimal digits of its hash; by default the first ones, with which its name ends"""

    def __post_init__(self) -> None:
        if not self.sha256:
            digits = HASH.search(self.name)
            if digits is None:
                raise ValueError(f"sha256: expected digits, as {self.name!r} does not end with any")
            object.__setattr__(self, "sha256", digits[1])

    @property
    def path(self) -> Path:
        """The place of the file: ``hub/checkpoints`` of ``$TORCH_HOME``."""
        import torch.hub  # a second, and a list of names needs none

        return Path(torch.hub.get_dir()) / "checkpoints" / self.name

    @property
    def present(self) -> bool:
        """Whether a file is at its `path`; `require` also checks what is in it."""
        return self.path.is_file()

    @property
    def instructions(self) -> str:
        """How to get the file, in one sentence: size, licence, address and command."""
        return (
            f"download {self.url} ({self.megabytes} MB, {self.licence}), then: "
            f"translate weights add {self.url.rpartition('/')[2]}"
        )

    def require(self) -> Path:
        """Return the path of the file, checked.

        Raises:
            ConfigError: It is missing, incomplete or another file.
        """
        self._check_content()
        self.check_tensors(self.path)
        return self.path

    def load(self) -> "dict[str, Tensor]":
        """Return the tensors of a file that is no archive of TorchScript, by name, on the CPU.

        Raises:
            ConfigError: The file is missing, incomplete or another file.
        """
        self._check_content()
        return self._read(self.path)

    def _check_content(self) -> None:
        """Raise `ConfigError` unless the file is there, with the published hash."""
        if not self.present:
            raise ConfigError(
                f"{self.name} is missing from {self.path.parent}: {self.instructions}"
            )
        self.check_hash(self.path)

    def check_hash(self, file: Path) -> None:
        """Raise `ConfigError` unless the hash of `file` is that of the published one."""
        digest = hash_file(file)
        if not digest.startswith(self.sha256):
            raise ConfigError(
                f"{file} is incomplete or another file: its sha256 begins with {digest[:8]}, not "
                f"{self.sha256[:8]}: {self.instructions}"
            )

    def check_tensors(self, file: Path) -> None:
        """Raise `ConfigError` unless `file` loads as tensors, without running code from it."""
        self._read(file)

    def _read(self, file: Path) -> Any:
        """Return what is in `file`: tensors by name, or a module of TorchScript."""
        import torch

        try:
            if not self.torchscript:
                return torch.load(file, map_location="cpu", weights_only=True)
            if len(self.sha256) < 64:
                raise ValueError("an archive of TorchScript needs all digits of its sha256")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it is deprecated, and the file is what it is
                return torch.jit.load(file, map_location="cpu")
        except Exception as error:
            raise ConfigError(
                f"{file} cannot be loaded ({describe_error(error)}): {self.instructions}"
            ) from error


def hash_file(file: Path) -> str:
    """Return the sha256 of `file` as 64 hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
