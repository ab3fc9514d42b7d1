"""Rule 0: no name that plugins register is in the engine."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest
from source_modules import OUR_MODULES, PLUGIN_MODULES, Module, runtime_nodes

from translate.registry import HOOKS, Kind

SHARED_WORDS = {
    "domains": "the key data.domains",
    "images": "what networks get, and a key of records",
    "paired": "the option --paired of `translate evaluate`",
    "relativistic": "the attribute of adversarial losses that take real scores",
    "webdataset": "the package of the extra shards",
    "csv": "the suffix of tables",
    **dict.fromkeys(
        ("png", "jpeg", "gif", "webp", "tiff", "bmp", "ppm", "avif", "npy"), "file formats, codecs"
    ),
}
"""names of plugins that the engine uses with another meaning"""
ENGLISH_WORDS = {
    *("augmented", "captioned", "cut", "digits", "edge", "hinge", "inpaint", "labelled"),
    *("minibatch", "noisy", "patch", "perceptual", "pixel", "restore", "scales", "side-by-side"),
    *("spectral", "suffix", "unpaired", "vanilla"),
}
"""names that are words of sentences: a string may contain them, unless it selects a plugin"""
EXEMPTED_PLACES = {
    # examples in --help
    "translate.cli": {"cyclegan"},
    "translate.cli.datasets": {"suffix"},
    "translate.cli.evaluate": {"psnr"},
    "translate.cli.export": {"onnx"},
    "translate.cli.import_": {"deblurgan"},
    "translate.cli.infer": {"onnx"},
    "translate.cli.plugins": {"pix2pix"},
    "translate.cli.plugins.check": {"cyclegan", "pix2pix"},
    "translate.cli.sample": {"onnx"},
    "translate.cli.serve": {"onnx"},
    "translate.cli.show": {"cyclegan", "resnet"},
    "translate.cli.train": {"cyclegan", "resnet"},
    # the default of data.layout, and the example of train.metric
    "translate.engine.config.schema": {"unpaired", "psnr"},
    # examples in docstrings of the public API
    "translate.api": {"cyclegan", "resnet"},
    "translate.evaluate.entry": {"psnr"},
    "translate.evaluate.result": {"psnr", "kd-lite0"},
    "translate.exporters": {"onnx"},
    "translate.metrics": {"kd-lite0"},
    "translate.recipe": {"gan", "l1"},
    "translate.registry": {"resnet"},
    # code of the authors of pix2pix
    "translate.engine.optimization.schedules": {"pix2pix"},
    "translate.nn.init": {"pix2pix"},
    "translate.nn.norms": {"pix2pix"},
}
"""names of plugins that a module may mention"""
SELECTION = re.compile(r"""(=|name: ?|--(layout|plugin|network|recipe) |["'])$""")
"""what stands before a word that selects a plugin"""


@cache
def strings_of_the_engine() -> list[tuple[Module, ast.AST, str]]:
    """Return module, node and text of every string; in lower case, unless it is a docstring.

    Methods of papers in docstrings, such as CycleGAN, differ from names of plugins.
    """
    strings = []
    for module in OUR_MODULES:
        nodes = list(runtime_nodes(module.tree))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value if id(node) in docstrings else node.value.lower()
                strings.append((module, node, text))
    return strings


@pytest.mark.parametrize("kind", HOOKS)
def test_the_engine_contains_no_name_that_plugins_register(kind: Kind) -> None:
    """Rule 0, for whole words in code, messages, help and docstrings."""
    wrong = [
        module.at(node, f"{name!r} in {text!r}")
        for module, node, text, name in names_in_the_engine(HOOKS[kind])
        if name not in EXEMPTED_PLACES.get(module.name, ())
    ]
    assert not wrong, "\n".join(wrong)


def test_every_exempted_place_has_its_names() -> None:
    names_by_place: dict[str, set[str]] = {}
    for hook in HOOKS.values():
        for module, _, _, name in names_in_the_engine(hook):
            if name in EXEMPTED_PLACES.get(module.name, ()):
                names_by_place.setdefault(module.name, set()).add(name)
    assert names_by_place == EXEMPTED_PLACES


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("choose unet, such as in pix2pix.", ["pix2pix", "unet"]),
        ("see unetwork and pix2pix-hd", []),
        ("suffix", ["suffix"]),
        ("the suffix of a file", []),
        ("type --set data.layout=suffix, or {name: suffix}", ["suffix", "suffix"]),
        ("a CycleGAN", []),
    ],
)
def test_names_are_whole_words(text: str, names: list[str]) -> None:
    assert sorted(names_in(text, {"unet", "pix2pix", "suffix", "cyclegan"})) == names


def test_the_search_for_registered_names_finds_every_kind() -> None:
    assert "cyclegan" in {*registered_names("register_recipes")}
    assert {"resnet", "unet"} <= {*registered_names("register_generators")}
    kinds_without_names = {kind for kind, hook in HOOKS.items() if not [*registered_names(hook)]}
    assert kinds_without_names == {"command"}, "built-in plugins add no command"


@cache
def names_in_the_engine(hook: str) -> list[tuple[Module, ast.AST, str, str]]:
    """Return module, node and text of each string with a name that plugins return from `hook`."""
    registered = {*registered_names(hook)}
    return [
        (module, node, text, name)
        for module, node, text in strings_of_the_engine()
        for name in names_in(text, registered)
    ]


def names_in(text: str, registered: set[str]) -> Iterator[str]:
    """Yield the names in `text`: whole words, and words of English only where they select one."""
    for name in registered - SHARED_WORDS.keys():
        if name not in text:
            continue
        for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
            if (
                name not in ENGLISH_WORDS
                or name == text
                or SELECTION.search(text[max(0, match.start() - 12) : match.start()])
            ):
                yield name


def registered_names(hook: str) -> Iterator[str]:
    """Yield the keys of the mappings that built-in plugins return from `hook`."""
    for module in PLUGIN_MODULES:
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == hook:
                for part in ast.walk(node):
                    if isinstance(part, ast.Dict):
                        yield from (k.value for k in part.keys if isinstance(k, ast.Constant))
