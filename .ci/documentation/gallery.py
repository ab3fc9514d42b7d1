"""The table of recipes in docs/gallery.md, for readers of a checkout, where the site is not built.

PYTHONPATH=.ci .venv/bin/python -m documentation.gallery     # writes the table; so does `make fix`
"""

import re
import tomllib
from inspect import getdoc
from pathlib import Path

from documentation import markup
from translate.registry import find, names

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/gallery.md"
TABLE = re.compile(r"(?<=<!-- recipes -->\n).*?(?=\n<!-- end -->)", re.DOTALL)
"""the lines of the page that this module writes"""
SUMMARY = re.compile(r"(.+) \((.+ \d{4}.*)\)\.")
"""the first line of a recipe's docstring: what it does, and the paper"""


def table() -> str:
    """Return a table with a row for each installed recipe of the gallery."""
    examples = tomllib.loads((ROOT / "benchmarks/gallery_examples.toml").read_text())
    recipes = {*names("recipe")}
    rows = [row(name, example["train"]) for name, example in examples.items() if name in recipes]
    return markup.table(("recipe", "what it does", "paper", "command", "result"), rows).strip()


def row(name: str, command: str) -> tuple[str, ...]:
    """Return name, summary, paper, command and link to the images of a recipe."""
    first = (getdoc(find("recipe", name)) or "").partition("\n")[0]
    match = SUMMARY.fullmatch(first)
    if match is None:
        raise ValueError(f"recipe {name!r}: expected 'what it does (paper, year).', got {first!r}")
    image = f"[images](gallery/{name}.jpg)"
    return markup.code(name), markup.escape(match[1]), match[2], markup.code(command), image


def up_to_date(text: str) -> str:
    """Return `text`, the page, with the current table."""
    if not TABLE.search(text):
        raise ValueError(f"{PAGE}: expected the lines <!-- recipes --> and <!-- end -->")
    return TABLE.sub(lambda _: table(), text)


if __name__ == "__main__":
    PAGE.write_text(up_to_date(PAGE.read_text()))
