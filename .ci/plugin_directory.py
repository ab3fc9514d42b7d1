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

One TOML file for each published plugin; `translate plugins search` reads them. To add yours, add a
file: `name`, `summary`, `offers`, `licence`, `source`, and if they apply `domains`, `paper`,
`needs_weights`. The table is written by `.venv/bin/python .ci/plugin_directory.py`, which installs
each plugin into a fresh environment and runs `translate plugins check` on it.

| plugin | what it offers | licence | checked with translate-kit {version} |
|---|---|---|---|
"""


def main() -> None:
    """Check all entries; the exit code is 1 if a plugin breaks a rule."""
    results = {entry.name: check(entry) for entry in read_directory()}
    rows = [row(entry, results[entry.name]) for entry in read_directory()]
    text = HEADER.format(version=__version__) + "".join(rows)
    (CHECKOUT / "plugins/directory/README.md").write_text(text)
    print(text)
    sys.exit(any(result != "passes" for result in results.values()))


def row(entry: DirectoryEntry, result: str) -> str:
    """Return a line of the table."""
    names = "; ".join(f"{kind} `{'`, `'.join(names)}`" for kind, names in entry.offers.items())
    address = entry.source if "://" in entry.source else f"../../{entry.source}"
    cells = f"[{entry.name}]({address})", f"{entry.summary}: {names}", entry.licence, result
    return f"| {' | '.join(cells)} |\n"


def check(entry: DirectoryEntry) -> str:
    """Return ``passes``, or what went wrong, of a plugin in an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        venv.create(home / "env", with_pip=False, symlinks=True)
        variables = {"base": str(home / "env"), "platbase": str(home / "env")}
        site = Path(sysconfig.get_path("purelib", "venv", vars=variables))
        ours = [path for path in sys.path if path.endswith("site-packages")]
        lines = [f"import site; site.addsitedir({path!r})\n" for path in ours]
        (site / "translate-kit.pth").write_text("".join(lines))
        python = [str(home / "env/bin/python"), "-m"]
        local = "://" not in entry.source
        what = [str(CHECKOUT / entry.source)] if local else [entry.name]
        flags = ["--quiet", "--no-deps", *(["--no-build-isolation", "--no-index"] if local else [])]
        report = home / "check.json"
        settings = [word for setting in entry.settings for word in ("--set", setting)]
        check = [*python, "translate", "plugins", "check", entry.name, *settings]
        commands = (
            [*python, "pip", "install", *flags, *what],
            [*check, "--report", str(report)],
        )
        for command in commands:
            done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
            if done.returncode and not report.exists():
                return " ".join(done.stderr.split()[-20:]) or f"exit code {done.returncode}"
        result = json.loads(report.read_text())
        rules = [rule for part in result["parts"] for rule in part["rules"]]
        broken = sum(rule["result"] == "broken" for rule in rules)
        return "passes" if result["ok"] else f"breaks {broken} of {len(rules)} rules"


if __name__ == "__main__":
    main()
