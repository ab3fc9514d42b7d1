"""The page of exit codes and environment variables, from ``translate --help``."""

import re

from documentation import markup
from translate.cli import ENVIRONMENT, EXIT_CODES

CODE = re.compile(r"^  (\d[\d, ]*?)  +(.*)$", re.MULTILINE)
VARIABLE = re.compile(r"^  ([A-Z_]+) +(.*(?:\n {8,}.*)*)$", re.MULTILINE)


def write() -> dict[str, str]:
    """Return the text of the page by its path."""
    codes = [(markup.code(code), text) for code, text in CODE.findall(EXIT_CODES)]
    text = "# Exit codes\n\nOf all commands. Skipped items are listed in `problems.jsonl`.\n\n"
    text += markup.table(("code", ""), codes)
    text += markup.heading(2, "Environment variables")
    text += markup.table(("variable", "", "default"), map(_variable, VARIABLE.findall(ENVIRONMENT)))
    return {"reference/exit-codes.md": text}


def _variable(match: tuple[str, str]) -> tuple[str, str, str]:
    name, text = match
    meaning, _, default = " ".join(text.split()).partition(" [")
    return markup.code(name), meaning, default.removesuffix("]")
