"""Layers of imports, where modules and their tests are, and how long they may be."""

import ast
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from source_modules import MODULE_NAMES, OUR_MODULES, PLUGIN_MODULES, ROOT, imports, package_of

PACKAGES = """
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
engine.config engine.traced engine.storage
folders
images
registry
recipe trackers importers exporters
formats metrics
engine.plugins
engine.disk
batches nn progress results run weights
losses remedies engine.processes engine.objects
engine.system
translate engine
errors hookspecs
"""
"""A package or module may import from the rows below its own, a package also from itself."""
LAYERS = {
    name: layer for layer, row in enumerate(PACKAGES.split("\n")[::-1]) for name in row.split()
}
PUBLIC = {
    name
    for name, layer in LAYERS.items()
    if layer <= LAYERS["folders"] and not name.startswith("engine")
}
"""What a plugin may import."""


def test_every_module_is_in_a_package_of_the_list() -> None:
    packages = {package_of(module.name) for module in OUR_MODULES}
    assert not packages - set(LAYERS), "put it into PACKAGES, in the row where it belongs"
    assert not set(LAYERS) - packages, "PACKAGES has a package that does not exist"


def test_imports_only_point_down() -> None:
    wrong = []
    for module in OUR_MODULES:
        own_package = package_of(module.name)
        for node, target in imports(module.tree):
            if target.startswith("."):
                wrong.append(module.at(node, "a relative import: name the module that defines it"))
            if not (target == "translate" or target.startswith("translate.")):
                continue
            imported_package = package_of(target)
            is_below = LAYERS.get(imported_package, 99) < LAYERS.get(own_package, -1)
            if own_package != imported_package and not is_below:
                problem = f"{own_package} imports {imported_package}, which is not below it"
                wrong.append(module.at(node, problem))
    assert not wrong, "\n".join(wrong)


def test_there_are_no_circular_imports() -> None:
    imports_of = {m.name: {t for _, t in imports(m.tree) if t in MODULE_NAMES} for m in OUR_MODULES}
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


def test_every_module_has_a_test_file_with_the_same_path_and_name() -> None:
    """Package by package: ``translate/images/masks.py`` is ``tests/images/test_masks.py``."""
    missing = {
        module.name
        for module in OUR_MODULES
        if "." in module.name.removeprefix("translate.") and module.path.name != "__init__.py"
        if not (
            ROOT
            / "tests"
            / module.path.parent.relative_to(ROOT / "translate")
            / f"test_{module.path.name}"
        ).exists()
    }
    assert sorted(missing) == [], "move the tests of these modules, or write some"


def test_no_module_is_longer_than_250_lines() -> None:
    assert not too_long(module.path for module in OUR_MODULES + PLUGIN_MODULES)


def too_long(paths: Iterable[Path]) -> list[str]:
    """Return the files of more than 250 lines, with their numbers of lines."""
    lengths = {path: len(path.read_text().splitlines()) for path in paths}
    return [f"{path}: {count} lines" for path, count in lengths.items() if count > 250]


def test_no_folder_holds_more_than_nine_modules() -> None:
    """Except folders of equals: public modules, commands, and building blocks of networks."""
    lists = {"translate", "translate/cli", "translate/nn"}
    counts = Counter(
        module.path.parent.relative_to(ROOT).as_posix()
        for module in OUR_MODULES
        if module.path.name not in {"__init__.py", "__main__.py"}
    )
    wrong = {folder: count for folder, count in counts.items() if count > 9}
    assert set(wrong) <= lists, f"{wrong}: put what belongs together into a folder of its own"


def test_no_test_file_is_longer_than_250_lines() -> None:
    wrong = too_long((ROOT / "tests").rglob("*.py"))
    assert not wrong, "split them by idea, and move helpers to tests/support"


def test_the_engine_imports_no_plugin() -> None:
    wrong = [
        module.at(node, target)
        for module in OUR_MODULES
        for node, target in imports(module.tree)
        if target.split(".")[0] == "translate_plugins"
    ]
    assert not wrong, "\n".join(wrong)


def test_builtin_plugins_use_only_the_public_api_and_not_each_other() -> None:
    wrong = []
    for module in PLUGIN_MODULES:
        own_plugin = ".".join(module.name.split(".")[:2])
        for node, target in imports(module.tree):
            package = target.split(".")[0]
            if package == "translate" and package_of(target) not in PUBLIC:
                wrong.append(module.at(node, f"{target} is not public"))
            if package == "translate_plugins" and not f"{target}.".startswith(f"{own_plugin}."):
                wrong.append(module.at(node, f"{own_plugin} imports another plugin, {target}"))
    assert not wrong, "\n".join(wrong)


def test_public_functions_take_and_return_no_types_of_the_engine() -> None:
    wrong = []
    for module in OUR_MODULES:
        if package_of(module.name) not in PUBLIC:
            continue
        from_imports = (node for node in ast.walk(module.tree) if isinstance(node, ast.ImportFrom))
        engine_names = {
            alias.asname or alias.name
            for node in from_imports
            if f"{node.module}.".startswith("translate.engine.")
            for alias in node.names
        }
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and not re.match("_[^_]", node.name):
                parts = [part for part in (node.args, node.returns) if part]
                names = {n.id for p in parts for n in ast.walk(p) if isinstance(n, ast.Name)}
                if used := names & engine_names:
                    wrong.append(module.at(node, f"{node.name}: {', '.join(sorted(used))}"))
    assert not wrong, "\n".join(wrong)


def test_folders_next_to_the_packages_are_not_packages() -> None:
    """An editable install puts them on the path, where `import datasets` is Hugging Face's."""
    for folder in ("plugins", "datasets", "configs", "tests", "benchmarks"):
        assert not (ROOT / folder / "__init__.py").exists()
