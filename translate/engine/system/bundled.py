"""Files that are installed with the package: configurations, dataset cards, plugins."""

import importlib.resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

IN_CHECKOUT = {
    "configs": "configs",
    "datasets": "datasets/cards",
    "plugin_directory": "plugins/directory",
    "plugin_template": "plugins/template",
}
"""the folder in a checkout for each folder of an installed package"""


def bundled_folder(
    kind: Literal["configs", "datasets", "plugin_directory", "plugin_template"],
) -> Traversable:
    """Return a folder of installed files, in a checkout or an installed wheel."""
    package = importlib.resources.files("translate")
    checkout = Path(str(package)).parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / IN_CHECKOUT[kind]
    return package / kind
