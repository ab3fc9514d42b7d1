"""The card of a model that is shared: what it is, what it was made of, and how to repeat it."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from translate import __version__
from translate.engine.checkpoints import contents, read
from translate.engine.checkpoints.read import Checkpoint
from translate.engine.checkpoints.references.hub import is_hub_reference
from translate.engine.checkpoints.references.packs import CONFIG, PREVIEW
from translate.engine.config.yaml import flow
from translate.engine.runs.run_record import read_last_session
from translate.errors import ConfigError, TranslateError, printable_name, short_repr
from translate.evaluate import result, tables
from translate.evaluate.result import EvaluationResult
from translate.insight.doctor import examine

LICENCE = re.compile("[a-z0-9][a-z0-9.-]{0,63}")
"""an identifier of the Hub, such as ``mit`` or ``cc-by-4.0``"""


class Card(NamedTuple):
    """A card, and the image that it shows."""

    text: str
    preview: Path | None


def make_card(
    path: Path,
    name: str,
    *,
    licence: str | None,
    data_licence: str | None,
    shown: bool = True,
) -> Card:
    """Return the card of a model, Markdown with the metadata of the Hugging Face Hub.

    Args:
        path: The folder of its checkpoint, as `resolve` returns it.
        name: What the model is called, and is given as RUN in its commands.
        licence: Of the model, as the Hub names it, such as ``mit``; None: unknown.
        data_licence: Of the images that it was trained on; None: unknown.
        shown: Whether the newest preview of the run, with images of its data, is shown.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        ConfigError: A licence is no identifier.
    """
    for option, value in (("--license", licence), ("--data-license", data_licence)):
        if value is not None and not LICENCE.fullmatch(value):
            raise ConfigError(
                f"{option}: expected an identifier such as mit, apache-2.0 or cc-by-4.0, got "
                f"{short_repr(value)}. See: https://hf.co/docs/hub/repositories-licenses"
            )
    checkpoint, run = read.read_checkpoint(path), path.parent.parent
    facts = _last_session(run)
    previews = sorted((run / "previews").glob("step-*.png"))
    preview = previews[-1] if previews and shown else None
    evaluation = _evaluation(run, contents.digest_of(path))
    lines = [
        *_metadata(checkpoint, licence, evaluation),
        f"# {name.removesuffix('.zip').rpartition('/')[2]}",
        "",
        *(
            [f"![images of the training data and their translations]({PREVIEW})", ""]
            * bool(preview)
        ),
        *_what_it_is(checkpoint, name),
        *_data(checkpoint, facts, data_licence),
        *_figures(evaluation),
        *_limits(run, checkpoint),
        *_origin(facts),
        *_how_to_repeat(checkpoint, facts),
    ]
    return Card("\n".join(lines).rstrip() + "\n", preview)


def _metadata(
    checkpoint: Checkpoint, licence: str | None, evaluation: EvaluationResult | None
) -> Iterator[str]:
    recipe, pairs = checkpoint.config.recipe, len(checkpoint.spec.names) > 1
    yield "---"
    if licence:
        yield f"license: {licence}"
    yield "library_name: translate-kit"
    yield f"pipeline_tag: {'image-to-image' if pairs else 'unconditional-image-generation'}"
    yield f"tags: [translate-kit, {json.dumps(recipe)}]"
    if evaluation:
        yield tables.model_card(evaluation).rstrip()
    yield "---"
    yield ""


def _what_it_is(checkpoint: Checkpoint, name: str) -> Iterator[str]:
    config, spec = checkpoint.config, checkpoint.spec
    domains = [printable_name(domain) for domain in spec.names]
    made = " to ".join(domains) if len(domains) > 1 else "".join(domains)
    yield f"Recipe `{config.recipe}` of translate-kit, step {checkpoint.step:,}: {made}."
    yield ""
    yield "```"
    extra = "[hub]" if name.startswith("hf-hub:") else ""
    yield f"pip install {shlex.quote(f'translate-kit{extra}')}"
    if len(domains) > 1:
        yield f"translate infer {shlex.quote(name)} photos/ out/"
    else:
        yield f"translate sample {shlex.quote(name)} out/"
    yield "```"
    yield ""
    if config.options:
        yield "| option | value |"
        yield "|---|---|"
        for option, value in config.options.items():
            yield f"| `{option}` | `{flow(value).replace('|', '/')}` |"
        yield ""


def _data(
    checkpoint: Checkpoint, facts: Mapping[str, Any], data_licence: str | None
) -> Iterator[str]:
    data, spec = checkpoint.config.data, checkpoint.spec
    yield "## Data"
    yield ""
    folders = ", ".join(f"`{Path(domain).name}`" for domain in data.domains)
    yield f"- folders: {folders}; layout {flow(data.layout)}"
    known = facts.get("data")
    if isinstance(known, dict):
        yield f"- {known.get('files')} training images; names and sizes have the SHA-256 " \
            f"`{known.get('sha256')}`"  # fmt: skip
    yield f"- crops of {spec.size[1]}x{spec.size[0]} pixels"
    yield f"- licence of the images: {data_licence or 'unknown'}"
    yield ""


def _figures(evaluation: EvaluationResult | None) -> Iterator[str]:
    yield "## Figures"
    yield ""
    if evaluation is None:
        yield "This checkpoint was not evaluated: `translate evaluate RUN` does."
    else:
        yield tables.markdown(evaluation)
        keys = ("split", "images", "size", "ground truth", "seeds")
        known = {key: evaluation.protocol[key] for key in keys if key in evaluation.protocol}
        yield ""
        yield f"Protocol: {', '.join(f'{key} {flow(value)}' for key, value in known.items())}."
    yield ""


def _limits(run: Path, checkpoint: Checkpoint) -> Iterator[str]:
    yield "## Limits"
    yield ""
    height, width = checkpoint.spec.size
    yield f"- trained on crops of {width}x{height} pixels of the data above, and on nothing else"
    try:
        examination = examine(run)
    except TranslateError:
        examination = None
        yield "- training was not examined: its records are not here"
    if examination is not None:
        for found in examination.diagnoses:
            yield f"- {found.name} since step {found.since_step}: {printable_name(found.evidence)}"
        if not examination.diagnoses:
            yield "- `translate doctor` found no failure of training"
        for omitted in examination.omissions:
            yield f"- not examined: {printable_name(omitted)}"
    yield "- outputs say in their metadata that a model made them; do not remove it"
    yield ""


def _origin(facts: Mapping[str, Any]) -> Iterator[str]:
    imported, start = facts.get("imported"), facts.get("init")
    if isinstance(imported, dict):
        yield "## Base model"
        yield ""
        yield f"Weights of another program, by the importer `{facts.get('importer')}`; licence " \
            "unknown, ask whoever trained them."  # fmt: skip
        yield ""
        for file, digest in imported.items():
            yield f"- `{Path(file).name}`, SHA-256 `{digest}`"
        yield ""
    elif isinstance(start, dict):
        yield "## Base model"
        yield ""
        origin = str(start.get("run"))
        origin = origin if is_hub_reference(origin) else Path(origin).name
        yield f"Trained from the weights of `{origin}`, step {start.get('step')}."
        yield ""


def _how_to_repeat(checkpoint: Checkpoint, facts: Mapping[str, Any]) -> Iterator[str]:
    versions = {**checkpoint.description["versions"], **_texts(facts.get("versions"))}
    plugins = _texts(checkpoint.description.get("plugins"))
    needed = [f"translate-kit=={versions.get('translate-kit', __version__)}"]
    needed += [f"{name}=={number}" for name, number in plugins.items()]
    yield "## Repeat"
    yield ""
    yield "```"
    yield f"pip install {' '.join(map(shlex.quote, needed))}"
    yield f"translate train --config {CONFIG}"
    yield "```"
    yield ""
    yield f"Trained with {', '.join(f'{name} {number}' for name, number in versions.items())}."


def _texts(value: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def _last_session(run: Path) -> Mapping[str, Any]:
    try:
        return read_last_session(run)
    except TranslateError:
        return {}  # a damaged record: the card has what the checkpoint says


def _evaluation(run: Path, digest: str) -> EvaluationResult | None:
    """Return the evaluation of the checkpoint with this digest, if its run has one."""
    path = run / result.FILE
    try:
        found = result.read(path) if path.is_file() else None
    except TranslateError:
        return None
    return found if found and found.protocol.get("checkpoint sha256") == digest else None
