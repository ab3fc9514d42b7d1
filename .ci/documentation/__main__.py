"""Build the documentation: ``make docs``, or ``PYTHONPATH=.ci python -m documentation``.

Pages are collected in build/docs, from which zensical builds build/site. A warning, a broken link,
or a file that a browser would load from another host is an error.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from documentation import links, navigation, pages

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Build the site; the exit code is 1 if there are problems."""
    start = time.monotonic()
    problems = build(ROOT, ROOT / "build")
    print(*problems, sep="\n", end="\n" if problems else "")
    count = len(list((ROOT / "build/site").rglob("*.html")))
    print(f"build/site: {count} pages in {time.monotonic() - start:.0f} s.", end=" ")
    print(f"{len(problems)} problems" if problems else "Open build/site/index.html; search needs:")
    if not problems:
        print("  python -m http.server --directory build/site")
    sys.exit(1 if problems else 0)


def build(root: Path, folder: Path) -> list[str]:
    """Build the site of the checkout `root` in `folder`; return a line for each problem."""
    pages.write(root, folder / "docs")
    config = folder / "zensical.toml"
    config.write_text(navigation.complete((root / "zensical.toml").read_text(), folder / "docs"))
    shutil.rmtree(folder / "site", ignore_errors=True)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--config-file", str(config)]
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    output = done.stdout + done.stderr
    if done.returncode or "Warning" in output or "Error" in output:
        return [output]
    return links.problems(folder / "site")


if __name__ == "__main__":
    main()
