"""Insertions: a page has code or the gallery in place of a line ``<!-- insert: KIND ... -->``."""

import ast
import re
import tomllib
from pathlib import Path
from textwrap import dedent

from documentation import markup

NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$", re.MULTILINE)
"""The reason why no test runs the next block; readers of the site see it, too."""
INSERTION = re.compile(r"^<!-- insert: (\w+) ?(.*?) ?-->$", re.MULTILINE)


def insert(text: str, root: Path) -> str:
    """Return the text of a page with all insertions."""
    functions = {"code": code, "gallery": gallery}
    text = NOT_RUN.sub(r"*Not run as printed: \1.*\n", text)
    return INSERTION.sub(lambda match: functions[match[1]](root, *match[2].split()), text)


def code(root: Path, file: str, name: str) -> str:
    """Return the source of the class, function or method `name`, such as ``Class.method``."""
    source = (root / file).read_text()
    node: ast.AST = ast.parse(source)
    for part in name.split("."):
        children = {getattr(child, "name", None): child for child in ast.iter_child_nodes(node)}
        if part not in children:
            raise ValueError(f"{file} has no {name}")
        node = children[part]
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
        if project := example.get("pip"):
            options = (
                "First install this [plugin](../plugins/directory/README.md) of the repository."
            )
            commands.insert(0, f"pip install {project}")
        text += f"*{' '.join(caption)}* {options}\n\n"
        text += markup.block("\n".join(commands)) + "\n"
    return text
