"""What a page takes from other files, where it says ``<!-- insert: KIND ... -->``."""

import ast
import re
import tomllib
from pathlib import Path
from textwrap import dedent

from documentation import markup

REASON = re.compile(r"^<!-- not run: (.+) -->$", re.MULTILINE)
"""Why a test does not run the block below, which a reader sees as well."""
MARK = re.compile(r"^<!-- insert: (\w+) ?(.*?) ?-->$", re.MULTILINE)


def insert(text: str, root: Path) -> str:
    """Return the text of a page with all insertions."""
    kinds = {"code": code, "gallery": gallery}
    text = REASON.sub(r"*Not run as printed: \1.*\n", text)
    return MARK.sub(lambda mark: kinds[mark[1]](root, *mark[2].split()), text)


def code(root: Path, file: str, name: str) -> str:
    """Return the source of a class, function or method, ``Class.method``, of a file."""
    source = (root / file).read_text()
    node: ast.AST = ast.parse(source)
    for part in name.split("."):
        inner = (n for n in ast.iter_child_nodes(node) if getattr(n, "name", None) == part)
        if (found := next(inner, None)) is None:
            raise ValueError(f"{file} has no {name}")
        node = found
    segment = ast.get_source_segment(source, node, padded=True) or ""
    return markup.block(dedent(segment), "python") + f"\n*`{name}` of `{file}`, as it is.*"


def gallery(root: Path) -> str:
    """Return all examples of the gallery: the images, the steps and the commands."""
    examples = tomllib.loads((root / "benchmarks/gallery_examples.toml").read_text())
    text, section = "", ""
    for name, example in examples.items():
        if example["section"] != section:
            section = example["section"]
            text += markup.heading(2, section)
        titles = ", ".join(title for title, _ in example["rows"])
        steps = re.findall(r"--steps (\d+)", example["train"])
        caption = [f"{' '.join(steps)} steps."]
        caption += [f"From top to bottom: {titles}."] if "," in titles else []
        caption += [example["note"]] if "note" in example else []
        text += markup.heading(3, example["title"], name)
        text += f"![{example['title']}: {titles}](gallery/{name}.jpg)\n\n"
        options = f"[Options](reference/recipes.md#recipe-{name})"
        commands = [example["train"], example["apply"]]
        if place := example.get("pip"):
            options = (
                "A [plugin](../plugins/directory/README.md) to install first, in the repository."
            )
            commands.insert(0, f"pip install {place}")
        text += f"*{' '.join(caption)}* {options}\n\n"
        text += markup.block("\n".join(commands)) + "\n"
    return text
