"""Rule 0: no name that plugins register is in the engine."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest
from source_modules import OUR_MODULES, PLUGIN_MODULES, Module, package_of, runtime_nodes

from translate.registry import HOOKS, Kind

SHARED_WORDS = {
    "domains": "the key data.domains",
    "images": "what networks get, and a key of records",
    "paired": "the option --paired of `translate evaluate`",
    "unpaired": "the default of data.layout",
    "relativistic": "the attribute of adversarial losses that take real scores",
    "csv": "the suffix of tables",
    "png": "the default of --format",
    "webdataset": "the package of the extra shards",
    **dict.fromkeys(("jpeg", "webp", "tiff", "bmp", "ppm", "avif"), "choices of --format, codecs"),
}
"""names of plugins that the engine uses with another meaning"""
ENGLISH_WORDS = {"inpaint", "restore", "side-by-side"}
"""names that are words of sentences: a string may contain them, but may not be one"""


@cache
def texts_of_the_engine() -> list[tuple[Module, ast.AST, str, bool]]:
    """Return module, node and text of every string in lower case, and whether it is a docstring."""
    texts = []
    for module in OUR_MODULES:
        nodes = list(runtime_nodes(module.tree))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        texts += [
            (module, node, node.value.lower(), id(node) in docstrings)
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
    return texts


@pytest.mark.parametrize("kind", HOOKS)
def test_the_engine_contains_no_name_that_plugins_register(kind: Kind) -> None:
    """Rule 0: examples in the commands' help and docstrings may contain one, code may not.

    A distinctive name may not be a part of a string either.
    """
    registered = {*registered_names(HOOKS[kind])} - SHARED_WORDS.keys()
    distinctive = registered - ENGLISH_WORDS
    parts = {name for name in distinctive if kind == "recipe" or "-" in name or len(name) > 9}
    wrong = []
    for module, node, text, is_docstring in texts_of_the_engine():
        is_name = text in registered and not is_docstring
        may_mention = is_docstring or package_of(module.name) == "cli"
        if is_name or (not may_mention and any(name in text for name in parts)):
            wrong.append(module.at(node, repr(text)))
    assert not wrong, "\n".join(wrong)


def test_the_search_for_registered_names_finds_every_kind() -> None:
    assert "cyclegan" in {*registered_names("register_recipes")}
    assert {"resnet", "unet"} <= {*registered_names("register_generators")}
    kinds_without_names = {kind for kind, hook in HOOKS.items() if not [*registered_names(hook)]}
    assert kinds_without_names == {"command"}, "built-in plugins add no command"


def registered_names(hook: str) -> Iterator[str]:
    """Yield the keys of the mappings that built-in plugins return from `hook`."""
    for module in PLUGIN_MODULES:
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == hook:
                for part in ast.walk(node):
                    if isinstance(part, ast.Dict):
                        yield from (k.value for k in part.keys if isinstance(k, ast.Constant))
