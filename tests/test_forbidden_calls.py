"""Modules that may write to the disk or print, and no code that is unpickled or evaluated."""

import ast

import pytest
from source_modules import MODULE_NAMES, OUR_MODULES, PLUGIN_MODULES, ROOT, imports, runtime_nodes

SHUTIL_WRITERS = {
    "copy",
    "copy2",
    "copyfile",
    "copyfileobj",
    "copytree",
    "move",
    "rmtree",
    "make_archive",
}
SHUTIL_WRITERS |= {"unpack_archive", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile"}
OS_WRITERS = {
    "open",
    "rename",
    "renames",
    "replace",
    "remove",
    "unlink",
    "mkdir",
    "makedirs",
    "rmdir",
}
OS_WRITERS |= {"removedirs", "link", "symlink", "truncate", "write", "mkfifo", "chmod", "utime"}
WRITERS = {"write_text", "write_bytes", "unlink", "mkdir", "rmdir", "touch", "rename", "chmod"}
WRITERS |= {"symlink_to", "hardlink_to", "extractall", "extract", "tofile", "memmap"}
WRITERS |= {"imwrite", "imwritemulti", "imencode_to_file", "save_file", "save_image", "savez"}
WRITERS |= {"savez_compressed", "savetxt", "open_memmap"}
SUSPECTS = SHUTIL_WRITERS | OS_WRITERS | WRITERS | {"open", "ZipFile", "save"}
PICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "jsonpickle"}
LOADERS = ("pretrained.py", "weights.py", "foreign.py", "state_dict.py")
TRUSTED = {(name, "torch.load") for name in LOADERS}
"""calls that load only tensors, and run no code"""


def test_only_five_modules_write_to_the_disk() -> None:
    disk = ("durable", "files", "folders", "partial_files", "scratch")
    writers = [ROOT / f"translate/engine/disk/{name}.py" for name in disk]
    wrong = [
        module.at(node, f"{ast.unparse(node.func)} writes: use translate.engine.disk.files")
        for module in OUR_MODULES + PLUGIN_MODULES
        if module.path not in writers
        for node in runtime_nodes(module.tree)
        if isinstance(node, ast.Call) and writes(node, module.tree)
    ]
    assert not wrong, "\n".join(wrong)


def test_I13_only_console_prints() -> None:
    """Printing elsewhere would end a command if the text cannot be encoded or written."""
    console = ROOT / "translate/engine/system/console.py"
    wrong = [
        module.at(node, f"{ast.unparse(node)[:40]} prints: use translate.engine.system.console")
        for module in OUR_MODULES + PLUGIN_MODULES
        if module.path != console
        for node in runtime_nodes(module.tree)
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
    assert any(prints(node) for node in runtime_nodes(ast.parse(line))) == is_print


def writes(call: ast.Call, tree: ast.AST) -> bool:
    """Return whether `call` changes the disk, as far as its text shows."""
    if getattr(call.func, "attr", getattr(call.func, "id", "")) not in SUSPECTS:
        return False
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
        return name in OS_WRITERS | SHUTIL_WRITERS
    if name in ("open", "ZipFile"):
        return opens_to_write(call, owner) and not into_memory(call, tree)
    if name == "save":  # a save into memory, or a function of ours, does not write
        ours = any(n.endswith(f".{owner}") for n in MODULE_NAMES)
        return bool(owner) and not ours and not into_memory(call, tree)
    if name == "replace":  # `Path.replace` has one argument, `str.replace` two
        return bool(owner) and len(call.args) == 1 and not call.keywords
    return name in WRITERS or (not owner and name in SHUTIL_WRITERS)


def opens_to_write(call: ast.Call, owner: str) -> bool:
    """Return whether an ``open`` or ``.open`` has a mode that writes, or that is no literal."""
    keywords = {k.arg: k.value for k in call.keywords}
    first_is_path = ("", "gzip", "bz2", "lzma", "io", "tarfile", "zipfile", "codecs")
    position = 1 if owner in first_is_path else 0
    if owner.endswith(("Image", "Pillow")):
        return False  # Pillow's only mode is "r"
    if len(call.args) > 1 and ast.unparse(call.args[1]) == "'rb'":
        return False  # the first argument of a file system's `open` is the path
    mode = keywords.get("mode", call.args[position] if len(call.args) > position else None)
    if mode is None:
        return False
    return not (isinstance(mode, ast.Constant) and not set(str(mode.value)) & set("wax+"))


def into_memory(call: ast.Call, tree: ast.AST) -> bool:
    """Return whether an argument is the name of a `BytesIO`."""
    buffers = set()
    for node in runtime_nodes(tree):
        if isinstance(node, ast.Assign) and "BytesIO(" in ast.unparse(node.value):
            for target in node.targets:
                buffers |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
    return any(isinstance(argument, ast.Name) and argument.id in buffers for argument in call.args)


def test_F1_nothing_is_unpickled_or_evaluated() -> None:
    wrong = []
    for module in OUR_MODULES + PLUGIN_MODULES:
        for node, target in imports(module.tree):
            if target.split(".")[0] in PICKLERS:
                wrong.append(module.at(node, f"imports {target}"))
        for node in runtime_nodes(module.tree):
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
        ("store.open(path, 'rb', cache_type='none')", False),
        ("store.open(path, 'wb')", True),
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
    calls = [node for node in runtime_nodes(tree) if isinstance(node, ast.Call)]
    assert any(writes(call, tree) for call in calls) == is_write
