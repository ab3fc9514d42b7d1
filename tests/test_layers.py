"""Layers of imports, modules that may write to the disk, and no plugin's name in the engine."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from translate.registry import HOOKS, Kind

ROOT = Path(__file__).parent.parent
ROOMS = """
__main__
cli
api report scale serve testing
contract
evaluate exchange insight translator
engine.trust engine.exports
engine.inference
engine.pixels
engine.training engine.models
engine.evaluation
engine.optimization
engine.checks
engine.runs
engine.diagnosis
engine.checkpoints
engine.splits
engine.data
engine.loading
engine.tiling
engine.shards
engine.config engine.display engine.traced engine.storage
folders
images
registry
recipe trackers importers exporters
formats metrics
engine.plugins
engine.disk
batches nn progress results run weights
losses remedies engine.processes
engine.system
translate engine
errors hookspecs
"""
"""A room or module in a row may import from the rows below it, a room also from itself."""

LAYERS = {name: layer for layer, row in enumerate(ROOMS.split("\n")[::-1]) for name in row.split()}
PUBLIC = {
    name
    for name, layer in LAYERS.items()
    if layer <= LAYERS["folders"] and not name.startswith("engine")
}
"""What a plugin may import."""

SHELL = {"copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "rmtree", "make_archive"}
SHELL |= {"unpack_archive", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile"}
SYSTEM = {"open", "rename", "renames", "replace", "remove", "unlink", "mkdir", "makedirs", "rmdir"}
SYSTEM |= {"removedirs", "link", "symlink", "truncate", "write", "mkfifo", "chmod", "utime"}
WRITERS = {"write_text", "write_bytes", "unlink", "mkdir", "rmdir", "touch", "rename", "chmod"}
WRITERS |= {"symlink_to", "hardlink_to", "extractall", "extract", "tofile", "memmap"}
WRITERS |= {"imwrite", "imwritemulti", "imencode_to_file", "save_file", "save_image", "savez"}
WRITERS |= {"savez_compressed", "savetxt", "open_memmap"}
PICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "jsonpickle"}
LOADERS = ("pretrained.py", "weights.py", "foreign.py", "state_dict.py")
TRUSTED = {(name, "torch.load") for name in LOADERS}
"""loads tensors only, and runs no code"""


class Module(NamedTuple):
    """A source file, parsed."""

    name: str
    path: Path
    tree: ast.Module

    def at(self, node: ast.AST, what: str) -> str:
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}: {what}"


def modules(root: Path) -> list[Module]:
    """Return every module below the source root that holds `root`, by dotted name."""
    parsed = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        parsed.append(Module(name, path, ast.parse(path.read_text())))
    return parsed


OURS = modules(ROOT / "translate")
PLUGINS = modules(ROOT / "plugins/translate_plugins")
NAMES = {module.name for module in OURS + PLUGINS}


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk `tree`, but not into what only a type checker sees."""
    pending = [tree]
    while pending:
        for child in ast.iter_child_nodes(pending.pop()):
            if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                continue
            yield child
            pending.append(child)


def imports(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield every import, at any depth, with the imported module."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield node, full if full in NAMES else base


def room(name: str) -> str:
    """Return the room that a module of ours is in, or its own name at the top level.

    What ``python -m`` runs, a ``__main__``, is above all rooms wherever it is.
    """
    parts = name.removeprefix("translate.").split(".")
    if parts[-1] == "__main__":
        return "__main__"
    return ".".join(parts[: 2 if parts[0] == "engine" else 1])


def test_every_module_is_in_a_room_of_the_list() -> None:
    rooms = {room(module.name) for module in OURS}
    assert not rooms - set(LAYERS), "put it into ROOMS, in the row where it belongs"
    assert not set(LAYERS) - rooms, "ROOMS has a room that does not exist"


def test_imports_only_point_down() -> None:
    wrong = []
    for module in OURS:
        own_room = room(module.name)
        for node, target in imports(module.tree):
            if target.startswith("."):
                wrong.append(module.at(node, "a relative import: name the module that defines it"))
            if not (target == "translate" or target.startswith("translate.")):
                continue
            imported_room = room(target)
            if own_room == imported_room or LAYERS.get(imported_room, 99) < LAYERS.get(
                own_room, -1
            ):
                continue
            wrong.append(
                module.at(node, f"{own_room} imports {imported_room}, which is not below it")
            )
    assert not wrong, "\n".join(wrong)


def test_there_are_no_circular_imports() -> None:
    imports_of = {m.name: {t for _, t in imports(m.tree) if t in NAMES} for m in OURS}
    circles = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circles.append(" -> ".join((*path[path.index(name) :], name)))
        elif name in imports_of:
            targets = imports_of.pop(name)
            for target in targets:
                visit(target, (*path, name))

    for name in list(imports_of):
        visit(name, ())
    assert not circles, "\n".join(circles)


def test_every_module_has_a_test_of_its_name_at_its_place() -> None:
    """Room by room: ``translate/images/masks.py`` is ``tests/images/test_masks.py``."""
    missing = {
        module.name
        for module in OURS
        if "." in module.name.removeprefix("translate.") and module.path.name != "__init__.py"
        if not (
            ROOT / "tests" / _path_of_test(module.path.relative_to(ROOT / "translate"))
        ).exists()
    }
    assert sorted(missing) == [], "move the tests that are about it, or write one"


def _path_of_test(path: Path) -> Path:
    """Return where the test of a module lies, below ``tests``."""
    return path.parent / f"test_{path.name}"


def test_no_module_is_longer_than_250_lines() -> None:
    lengths = {
        path: len((ROOT / path).read_text().splitlines())
        for path in (str(module.path.relative_to(ROOT)) for module in OURS + PLUGINS)
    }
    wrong = [f"{p}: {n} lines" for p, n in lengths.items() if n > 250]
    assert not wrong, "\n".join(wrong)


def test_the_engine_imports_no_plugin() -> None:
    wrong = [
        module.at(node, target)
        for module in OURS
        for node, target in imports(module.tree)
        if target.split(".")[0] == "translate_plugins"
    ]
    assert not wrong, "\n".join(wrong)


def test_builtin_plugins_use_only_the_public_api_and_not_each_other() -> None:
    wrong = []
    for module in PLUGINS:
        own = ".".join(module.name.split(".")[:2])
        for node, target in imports(module.tree):
            package = target.split(".")[0]
            if package == "translate" and room(target) not in PUBLIC:
                wrong.append(module.at(node, f"{target} is not public"))
            if package == "translate_plugins" and not f"{target}.".startswith(f"{own}."):
                wrong.append(module.at(node, f"{own} imports another plugin, {target}"))
    assert not wrong, "\n".join(wrong)


def test_only_five_modules_write_to_the_disk() -> None:
    disk = ("durable", "files", "folders", "partial_files", "scratch")
    doors = [ROOT / f"translate/engine/disk/{name}.py" for name in disk]
    wrong = [
        module.at(node, f"{ast.unparse(node.func)} writes: use translate.engine.disk.files")
        for module in OURS + PLUGINS
        if module.path not in doors
        for node in nodes(module.tree)
        if isinstance(node, ast.Call) and writes(node, module.tree)
    ]
    assert not wrong, "\n".join(wrong)


def test_I13_only_console_prints() -> None:
    """Printing elsewhere would end a command if the text cannot be encoded or written."""
    door = ROOT / "translate/engine/system/console.py"
    wrong = [
        module.at(node, f"{ast.unparse(node)[:40]} prints: use translate.engine.system.console")
        for module in OURS + PLUGINS
        if module.path != door
        for node in nodes(module.tree)
        if prints(node)
    ]
    assert not wrong, "\n".join(wrong)


def prints(node: ast.AST) -> bool:
    """Return whether `node` writes to standard output or error without our console."""
    if isinstance(node, ast.Attribute):
        return ast.unparse(node) in {
            *("sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"),
            *("click.echo", "click.secho", "click.confirm", "click.prompt", "click.progressbar"),
        }
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    if name in ("print", "Console", "rich.print", "pprint", "traceback.print_exc"):
        return True
    return name in ("Progress", "Live") and "console" not in {k.arg for k in node.keywords}


@pytest.mark.parametrize(
    ("line", "is_print"),
    [
        ("print('x')", True),
        ("click.echo('x')", True),
        ("say = click.echo", True),
        ("sys.stderr.write('x')", True),
        ("print('x', file=sys.stderr)", True),
        ("Console()", True),
        ("Progress(transient=True)", True),
        ("Progress(console=console.rich_console())", False),
        ("Live(panel)", True),
        ("console.say('x')", False),
        ("bar.console.print('x')", False),
    ],
)
def test_the_search_for_prints_finds_every_kind(line: str, is_print: bool) -> None:
    assert any(prints(node) for node in nodes(ast.parse(line))) == is_print


def writes(call: ast.Call, tree: ast.AST) -> bool:
    """Return whether `call` changes the disk, as far as its text shows."""
    match call.func:
        case ast.Name(name):
            owner = ""
        case ast.Attribute(value, name):
            owner = ast.unparse(value)
        case _:
            return False
    if call.args and ast.unparse(call.args[0]) == "os.devnull":
        return False
    if owner in ("os", "shutil", "tempfile"):
        return name in SYSTEM | SHELL
    if name in ("open", "ZipFile"):
        return opens_to_write(call, owner) and not into_memory(call, tree)
    if name == "save":  # into memory is fine, and so is a function of our own of that name
        ours = any(n.endswith(f".{owner}") for n in NAMES)
        return bool(owner) and not ours and not into_memory(call, tree)
    if name == "replace":  # a path's has one argument, a string's two
        return bool(owner) and len(call.args) == 1 and not call.keywords
    return name in WRITERS or (not owner and name in SHELL)


def opens_to_write(call: ast.Call, owner: str) -> bool:
    """Return whether an ``open`` or ``.open`` has a mode that writes, or that is no literal."""
    keywords = {k.arg: k.value for k in call.keywords}
    first_is_path = ("", "gzip", "bz2", "lzma", "io", "tarfile", "zipfile", "codecs")
    position = 1 if owner in first_is_path else 0
    if owner.endswith(("Image", "Pillow")):
        return False  # Pillow's only mode is "r"
    mode = keywords.get("mode", call.args[position] if len(call.args) > position else None)
    if mode is None:
        return False
    return not (isinstance(mode, ast.Constant) and not set(str(mode.value)) & set("wax+"))


def into_memory(call: ast.Call, tree: ast.AST) -> bool:
    """Return whether an argument is the name of a `BytesIO`."""
    buffers = set()
    for node in nodes(tree):
        if isinstance(node, ast.Assign) and "BytesIO(" in ast.unparse(node.value):
            for target in node.targets:
                buffers |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
    return any(isinstance(argument, ast.Name) and argument.id in buffers for argument in call.args)


def test_F1_nothing_is_unpickled_or_evaluated() -> None:
    wrong = []
    for module in OURS + PLUGINS:
        for node, target in imports(module.tree):
            if target.split(".")[0] in PICKLERS:
                wrong.append(module.at(node, f"imports {target}"))
        for node in nodes(module.tree):
            if not isinstance(node, ast.Call):
                continue
            text = ast.unparse(node.func)
            if (module.path.name, text) in TRUSTED and "weights_only=True" in ast.unparse(node):
                continue
            unsafe = {"eval", "exec", "compile", "torch.load", "torch.hub.load", "__import__"}
            if text in unsafe or any(k.arg == "allow_pickle" for k in node.keywords):
                wrong.append(module.at(node, f"calls {text}"))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("line", "is_write"),
    [
        ("Path('x').write_text('')", True),
        ("path.open('wb')", True),
        ("path.open(mode)", True),
        ("open(path, 'a')", True),
        ("open(path)", False),
        ("path.open('rb')", False),
        ("Image.open(path, formats=FORMATS)", False),
        ("zipfile.ZipFile(path)", False),
        ("zipfile.ZipFile(path, 'w')", True),
        ("buffer = BytesIO(); zipfile.ZipFile(buffer, 'w')", False),
        ("image.save(path)", True),
        ("buffer = BytesIO(); image.save(buffer, 'PNG')", False),
        ("torch.save(x, path)", True),
        ("save(tensors)", False),
        ("retention.save(run)", False),
        ("files.replace(path, data)", False),
        ("path.replace(other)", True),
        ("text.replace('a', 'b')", False),
        ("os.replace(a, b)", True),
        ("os.open(path, os.O_WRONLY)", True),
        ("os.open(os.devnull, os.O_WRONLY)", False),
        ("shutil.move(a, b)", True),
        ("cv2.imwrite(name, pixels)", True),
    ],
)
def test_the_search_for_disk_writes_finds_every_kind(line: str, is_write: bool) -> None:
    tree = ast.parse(line)
    calls = [node for node in nodes(tree) if isinstance(node, ast.Call)]
    assert any(writes(call, tree) for call in calls) == is_write


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
"""names of plugins that are words of the interface as well, with their meaning there"""


@cache
def texts_of_the_engine() -> list[tuple[Module, ast.AST, str, bool]]:
    """Return every string of the engine in lower case, and whether it is a docstring."""
    texts = []
    for module in OURS:
        every = list(nodes(module.tree))
        docstrings = {id(node.value) for node in every if isinstance(node, ast.Expr)}
        texts += [
            (module, node, node.value.lower(), id(node) in docstrings)
            for node in every
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
    return texts


@pytest.mark.parametrize("kind", HOOKS)
def test_the_engine_contains_no_name_that_plugins_register(kind: Kind) -> None:
    """Rule 0: examples in the commands' help and docstrings may contain one, code may not.

    A distinctive name may not be a part of a string either.
    """
    registered = {*registered_names(HOOKS[kind])} - SHARED_WORDS.keys()
    parts = {name for name in registered if kind == "recipe" or "-" in name or len(name) > 9}
    wrong = []
    for module, node, text, is_docstring in texts_of_the_engine():
        whole = text in registered and not is_docstring
        may_mention = is_docstring or room(module.name) == "cli"
        if whole or (not may_mention and any(name in text for name in parts)):
            wrong.append(module.at(node, repr(text)))
    assert not wrong, "\n".join(wrong)


def test_names_that_plugins_register_are_found() -> None:
    assert "cyclegan" in {*registered_names("register_recipes")}
    assert {"resnet", "unet"} <= {*registered_names("register_generators")}
    kinds_without = {k for k, hook in HOOKS.items() if not [*registered_names(hook)]}
    assert kinds_without == {"command"}, "our own plugins add no command"


def registered_names(hook: str) -> Iterator[str]:
    """Yield the keys of the mappings that built-in plugins return from `hook`."""
    for module in PLUGINS:
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == hook:
                for part in ast.walk(node):
                    if isinstance(part, ast.Dict):
                        yield from (k.value for k in part.keys if isinstance(k, ast.Constant))


def test_folders_next_to_the_packages_are_not_packages() -> None:
    """An editable install puts them on the path, where `import datasets` is Hugging Face's."""
    for folder in ("plugins", "datasets", "configs", "tests", "benchmarks"):
        assert not (ROOT / folder / "__init__.py").exists()
