"""Files that try to run code: pickles, YAML tags, archives and changed checkpoints."""

import json
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import small_checkpoints
from small_runs import replace_checkpoint_file

PAYLOAD = "open('it-was-run', 'w').close()"
"""the code in malicious files: it writes a file"""


class MaliciousPickle:
    """Runs `PAYLOAD` when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return exec, (PAYLOAD,)


def write_malicious_files(folder: Path) -> dict[str, Path]:
    """Write malicious files into `folder`; return their paths by kind."""
    pickled = pickle.dumps(MaliciousPickle())
    tag = f"!!python/object/apply:builtins.exec [{PAYLOAD!r}]"
    contents = {
        "pickle.pth": pickled,
        "pickle.safetensors": pickled,
        "pickle.png": pickled,
        "tag.yaml": f"recipe: {tag}\n".encode(),
        "bomb.yaml": b"a: &a [x, x]\nb: &b [*a, *a]\ndata: [*b, *b]\n",
        "code.py": PAYLOAD.encode(),
        "imported.py": PAYLOAD.encode(),
        "dressed.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(folder / "slip.zip", "w") as archive:
        archive.writestr("../../it-was-run", "")
    with tarfile.open(folder / "link.tar", "w") as tar:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    paths = {name: folder / name for name in (*contents, "slip.zip", "link.tar")}
    for name, data in {"bomb": (2**62).to_bytes(8, "little"), "disguise": pickled}.items():
        paths[name] = small_checkpoints.gan(folder / name)
        (checkpoint,) = (paths[name] / "checkpoints").iterdir()
        replace_checkpoint_file(checkpoint, "weights.safetensors", data)
    for name, changes in {
        "names a module": {"recipe": "imported.run"},
        "names a file": {"recipe": "../code.py"},
        "names a plugin": {"recipe": "not-installed/gan"},
        "names a target": {"options": {"generator": {"name": "mlp", "_target_": "builtins.exec"}}},
    }.items():
        paths[name] = small_checkpoints.gan(folder / name.replace(" ", "-"))
        (checkpoint,) = (paths[name] / "checkpoints").iterdir()
        state = json.loads((checkpoint / "state.json").read_bytes())
        state["config"] |= changes
        replace_checkpoint_file(checkpoint, "state.json", json.dumps(state).encode())
        (paths[name] / "config.yaml").write_text(json.dumps(state["config"]))
    return paths
