"""`translate plugins new`: create a plugin project."""

import re
from pathlib import Path

import click

from translate.engine.system import console
from translate.engine.system.bundled import bundled_folder
from translate.errors import ConfigError

KINDS = (
    *("recipe", "generator", "discriminator", "loss", "layout", "format"),
    *("metric", "tracker", "events"),
)


@click.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default="recipe", show_default=True,
              help="What the plugin registers.")  # fmt: skip
@click.option("--out", metavar="DIR", help="Folder of the project.  [default: NAME]")
@click.option(
    "--author",
    metavar="NAME",
    default="The authors",
    show_default=True,
    help="Name in the licence.",
)
@click.option("--quiet", is_flag=True, help="Print nothing.")
def command(name: str, kind: str, out: str | None, author: str, quiet: bool) -> None:
    """Create a plugin project: a package with tests, ready to publish.

    NAME is the name of the distribution, such as translate-mymethod; the plugin is then called
    mymethod.

    \b
    Examples:
      translate plugins new translate-mymethod
      translate plugins new translate-mymetric --kind metric --author "Ada Lovelace"
    """
    folder = Path(out or name)
    create_project(folder, name, kind, author)
    if not quiet:
        plugin = name.removeprefix("translate-")
        content = "event hooks" if kind == "events" else f"a {kind}"
        console.say(f"{folder}: {content}, {plugin}. Next:")
        console.say(f"  pip install -e {folder} && translate plugins check {plugin}")


def create_project(folder: Path, name: str, kind: str, author: str = "The authors") -> None:
    """Write a plugin project into a new or empty folder.

    Raises:
        ConfigError: `name` is not of the form ``translate-NAME``, the folder is not empty, or
            copier is not installed.
    """
    if not re.fullmatch(r"translate-[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise ConfigError(
            f"{name!r}: expected translate-NAME, in lower-case letters, digits and hyphens."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is not empty: choose another folder by --out.")
    try:
        from copier import run_copy
    except ImportError as error:
        raise ConfigError(
            'a new project needs copier: pip install "translate-kit[plugins]".'
        ) from error
    answers = {"name": name, "kind": kind, "author": author}
    run_copy(
        str(bundled_folder("plugin_template")), folder, data=answers, defaults=True, quiet=True
    )
