"""The directory of plugins that other distributions publish, one TOML file each."""

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
    domains: list[str] = []
    """the kinds of images that the plugin is for"""
    needs_weights: bool = False
    """whether the plugin needs a published file of weights"""
    licence: str
    paper: str = ""
    settings: list[str] = []
    """``--set`` of the contract check of the plugin, such as a smaller network"""
    source: str
    """where its code is: an address, or a folder of the repository of translate-kit"""

    @property
    def installed(self) -> str:
        """The installed version; empty if the plugin is not installed."""
        return installed_version(self.name)

    @property
    def install_command(self) -> str:
        """The command that installs the plugin: from PyPI, or from the folder of a checkout."""
        return f"pip install {self.source if '://' not in self.source else self.name}"

    def matches(self, text: str) -> bool:
        """Return whether all words of `text` occur in the entry, in any case."""
        names = [name for group in self.offers.values() for name in group]
        content = " ".join([self.name, self.summary, *self.offers, *names, *self.domains]).lower()
        return all(word in content for word in text.lower().split())


def read_directory() -> list[DirectoryEntry]:
    """Return the entries, sorted by name."""
    files = (
        file for file in bundled_folder("plugin_directory").iterdir() if file.name.endswith(".toml")
    )
    entries = [DirectoryEntry.model_validate(tomllib.loads(file.read_text())) for file in files]
    return sorted(entries, key=lambda entry: entry.name)


def install_hint(kind: str, name: str) -> str:
    """Return a sentence with the command that installs a plugin that registers `name`, or "".

    `kind` is the kind of the name, such as "recipe".
    """
    for entry in read_directory():
        if name in entry.offers.get(f"{kind}s", ()) and not entry.installed:
            return f" `{entry.install_command}` installs a plugin that offers it."
    return ""
