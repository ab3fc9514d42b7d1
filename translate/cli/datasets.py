"""`translate datasets`: list, generate, check and download data sets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from translate.cli.parameters.shared import completer, domain_names, json_option, quiet_option
from translate.cli.parameters.values import LocalPath
from translate.engine.system import console

data_option = click.option(
    "--data",
    "root",
    type=LocalPath(path_type=Path),
    default=Path("datasets"),
    show_default=True,
    metavar="DIR",
    help="Folder that holds the domains.",
)


@click.group(invoke_without_command=True)
@data_option
@json_option
@click.option("--quiet", is_flag=True, help="Print names only.")
@click.pass_context
def command(ctx: click.Context, root: Path, as_json: bool, quiet: bool) -> None:
    """List, generate, check and download data sets.

    Without a command: the domains in --data, the sample domains and the known public data sets.

    \b
    Examples:
      translate datasets
      translate datasets draw summer winter
      translate datasets check summer winter
      translate datasets fetch horse2zebra
    """
    if ctx.invoked_subcommand:
        ctx.default_map = {ctx.invoked_subcommand: ctx.params}  # defaults of the subcommand
        return
    from translate.engine.data import samples

    domains, sample_domains = samples.find(root), samples.sample_domains()
    public_cards = samples.cards()
    if as_json:
        records = [
            {
                "name": domain.name,
                "path": str(domain.path),
                "images": domain.counts,
                "sample": domain.sample,
            }
            for domain in domains
        ]
        document = {"found": records, "sample": sample_domains, "public": public_cards}
        console.show_json(document)
    elif quiet:
        console.show("\n".join(domain.name for domain in domains))
    else:
        console.say(f"Domains in {root}:")
        for domain in domains:
            counts = ", ".join(f"{count} {split}" for split, count in domain.counts.items())
            console.say(f"  {domain.name:<16} {counts}{'  (sample)' if domain.sample else ''}")
        if not domains:
            console.say("  none: a domain is a folder of images, such as datasets/summer/train")
        console.show(
            "\nSample domains, generated when a command first names them: "
            + " ".join(sample_domains)
        )
        console.show("\nPublic data sets, for `translate datasets fetch NAME`:")
        for card in public_cards:
            console.say(f"  {card['name']:<16} {card['title']}, {card['url']}")


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="DOMAIN ...")
@data_option
@quiet_option
def draw(names: tuple[str, ...], root: Path, quiet: bool) -> None:
    """Generate sample domains, in new folders of --data.

    \b
    Examples:
      translate datasets draw summer winter
      translate datasets draw blurred sharp --data elsewhere
    """
    from translate.engine.data import samples

    with console.messages(quiet=quiet):
        for name in names:
            samples.draw(name, root)


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME ...")
@data_option
@quiet_option
def fetch(names: tuple[str, ...], root: Path, quiet: bool) -> None:
    """Download public data sets into new folders of --data.

    An interrupted download continues; an archive is checked before it is unpacked. Most licences
    allow research only: see the card of each data set.

    \b
    Examples:
      translate datasets fetch horse2zebra
      translate datasets fetch summer2winter --data yosemite
    """
    from translate.exchange.fetch import fetch

    for name in names:
        with _download_progress(quiet) as progress, console.messages(quiet=quiet):
            fetch(name, root, progress)


@contextmanager
def _download_progress(quiet: bool) -> Iterator[Callable[[int, int | None], object]]:
    """Show a progress bar on a terminal; yield its update function.

    The function takes the bytes received and the bytes in total, None if unknown.
    """
    if quiet or not console.has_bars():
        yield lambda *_: None
        return
    from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

    columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console.rich_console(), transient=True) as bar:
        task = bar.add_task("fetched", total=None)
        yield lambda received, total: bar.update(task, completed=received, total=total)


@command.command()
@click.argument(
    "names", nargs=-1, required=True, metavar="DOMAIN ...", shell_complete=completer(domain_names)
)
@data_option
@click.option(
    "--layout",
    metavar="NAME",
    help="Layout of the folders; `translate show --kind layout` lists them, and --set data.layout "
    "sets one with options.  [default: unpaired; images for one domain]",
)
@click.option(
    "--size",
    type=click.IntRange(1),
    default=256,
    show_default=True,
    metavar="N",
    help="Size of training crops in pixels; smaller images are reported.",
)
@click.option(
    "--drop-unpaired",
    is_flag=True,
    help="Report images without a partner as skipped.  [default: as broken]",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="data.KEY=VALUE",
    help="Set any setting of the section data; VALUE is YAML: --set data.channels=1. `translate "
    "show RECIPE` lists them with their defaults.  [default: none]",
)
@json_option
@click.option("--quiet", is_flag=True, help="Print only what is broken.  [default: everything]")
def check(
    names: tuple[str, ...],
    root: Path,
    layout: str | None,
    size: int,
    drop_unpaired: bool,
    assignments: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> int:
    """Read every image of domains; report what disturbs training.

    Each problem is printed with its effect on training: unreadable files, images without a partner,
    pairs of unequal size, mixed channels, sizes and bit depths, images in two splits, and skipped
    files. DOMAIN is a name in --data, a path, or a quoted glob, as for `translate train --domains`.
    The exit code is 3 if anything is broken.

    \b
    Examples:
      translate datasets check summer winter
      translate datasets check blurred sharp --layout paired --set data.channels=1
      translate datasets check photos --set "data.layout={name: suffix, source: _in, target: _out}"
    """
    from translate.engine.config import layers
    from translate.engine.config.schema import LAYOUT_OF_ONE_DOMAIN
    from translate.insight.dataset import check_images

    flags = {"domains": names, "data": root, "size": size, "drop_unpaired": drop_unpaired}
    settings = layers.settings_from_flags(flags)
    if layout or len(names) == 1:
        settings["data.layout"] = layout or LAYOUT_OF_ONE_DOMAIN
    data = layers.resolve_data(settings, assignments)
    findings = []
    for finding in check_images(data):
        findings.append(finding)
        if as_json or (quiet and finding.state != "broken"):
            continue
        mark = {"ok": "  ", "note": "- ", "broken": "! "}[finding.state]
        consequence = f": {finding.consequence}" if finding.consequence else ""
        console.say(f"{mark}{finding.message}{consequence}")
    if as_json:
        console.show_json([finding._asdict() for finding in findings])
    return 3 if any(finding.state == "broken" for finding in findings) else 0
