#!/usr/bin/env python3
"""Check every plugin of plugins/directory in a fresh environment, and write the table of results.

    .venv/bin/python .ci/plugin_directory.py        # writes plugins/directory/README.md

Entries with an address are installed from PyPI, the others from their folder of this repository.
"""

import json
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

from translate import __version__
from translate.engine.plugins.directory import DirectoryEntry, read_directory

CHECKOUT = Path(__file__).resolve().parent.parent
HEADER = """# Directory of plugins

`translate plugins search` reads one TOML file for each published plugin. To add your plugin, add a
file with the keys `name`, `summary`, `offers`, `licence` and `source`, and if they apply
`image_types`, `paper`, `needs_weights` and `settings`. `.venv/bin/python .ci/plugin_directory.py`
writes the table: it installs each plugin into a new environment and runs `translate plugins check`.

| plugin | what it offers | licence | checked with translate-kit {version} |
|---|---|---|---|
"""


def main() -> None:
    """Check all entries; the exit code is 1 if a plugin breaks a rule."""
    results = [(entry, check(entry)) for entry in read_directory()]
    rows = [table_row(entry, result) for entry, result in results]
    text = HEADER.format(version=__version__) + "".join(rows)
    (CHECKOUT / "plugins/directory/README.md").write_text(text)
    print(text)
    sys.exit(any(result != "passes" for _, result in results))


def table_row(entry: DirectoryEntry, result: str) -> str:
    """Return the line of a plugin in the table."""
    names = "; ".join(f"{kind} `{'`, `'.join(names)}`" for kind, names in entry.offers.items())
    address = entry.source if "://" in entry.source else f"../../{entry.source}"
    cells = f"[{entry.name}]({address})", f"{entry.summary}: {names}", entry.licence, result
    return f"| {' | '.join(cells)} |\n"


def check(entry: DirectoryEntry) -> str:
    """Install and check a plugin in an environment of its own; return ``passes`` or what failed."""
    with tempfile.TemporaryDirectory() as folder:
        environment, report = Path(folder, "env"), Path(folder, "check.json")
        venv.create(environment, with_pip=False, symlinks=True)
        variables = {"base": str(environment), "platbase": str(environment)}
        site = Path(sysconfig.get_path("purelib", "venv", vars=variables))
        packages = [path for path in sys.path if path.endswith("site-packages")]
        lines = [f"import site; site.addsitedir({path!r})\n" for path in packages]
        (site / "translate-kit.pth").write_text("".join(lines))  # what is installed here
        install = ["pip", "install", "--quiet", "--no-deps"]
        if "://" in entry.source:
            install.append(entry.name)
        else:
            install += ["--no-build-isolation", "--no-index", str(CHECKOUT / entry.source)]
        settings = [word for setting in entry.settings for word in ("--set", setting)]
        check = ["translate", "plugins", "check", entry.name, *settings, "--report", str(report)]
        for module in (install, check):
            command = [str(environment / "bin/python"), "-m", *module]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode and not report.exists():
                return " ".join(done.stderr.split()[-20:]) or f"exit code {done.returncode}"
        result = json.loads(report.read_text())
        rules = [rule for part in result["parts"] for rule in part["rules"]]
        broken = sum(rule["result"] == "broken" for rule in rules)
        return "passes" if result["ok"] else f"breaks {broken} of {len(rules)} rules"


if __name__ == "__main__":
    main()
