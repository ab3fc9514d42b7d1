"""The list of published plugins in ``plugins/directory``, one TOML file each."""

import tomllib

from pydantic import Field

from translate.engine.disk.records.json_files import Record
from translate.engine.plugins.discovery import installed_version
from translate.engine.system.bundled import bundled_folder


class DirectoryEntry(Record):
    """A published plugin."""

    name: str
    """the distribution, as ``pip install`` takes it"""
    summary: str
    offers: dict[str, list[str]] = Field(min_length=1)
    """registered names by kind: ``{"recipes": ["stargan"]}``"""
    image_types: list[str] = []
    """the types of images that the plugin is for, such as ``CT``"""
    needs_weights: bool = False
    """whether the plugin needs a published file of weights"""
    licence: str
    paper: str = ""
    """the address of the paper"""
    settings: list[str] = []
    """values of ``--set`` with which ``plugins check`` tests it, such as a smaller network"""
    source: str
    """where its code is: an address, or a folder of the repository of translate-kit"""

    @property
    def installed(self) -> str:
        """The installed version; empty if the plugin is not installed."""
        return installed_version(self.name)

    @property
    def install_command(self) -> str:
        """The command that installs the plugin, from PyPI if its source is an address."""
        return f"pip install {self.source if '://' not in self.source else self.name}"

    def matches(self, text: str) -> bool:
        """Return whether all words of `text` occur in the names, summary or image types."""
        names = [name for group in self.offers.values() for name in group]
        content = " ".join(
            [self.name, self.summary, *self.offers, *names, *self.image_types]
        ).lower()
        return all(word in content for word in text.lower().split())


def read_directory() -> list[DirectoryEntry]:
    """Return the entries, sorted by name."""
    files = (
        file for file in bundled_folder("plugin_directory").iterdir() if file.name.endswith(".toml")
    )
    entries = [DirectoryEntry.model_validate(tomllib.loads(file.read_text())) for file in files]
    return sorted(entries, key=lambda entry: entry.name)


def install_hint(kind: str, name: str) -> str:
    """Return a space and a sentence with the command that installs a plugin with `name`.

    `kind` is the kind of the name, such as "recipe". Returns "" if no plugin of the list offers it,
    or the plugin is installed.
    """
    plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    for entry in read_directory():
        if name in entry.offers.get(plural, ()) and not entry.installed:
            return f" `{entry.install_command}` installs a plugin that offers it."
    return ""
