"""The model card of a shared model: its use, its training data, metrics, and how to repeat it."""

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
from translate.engine.config.yaml_text import one_line
from translate.engine.runs.run_record import read_last_session
from translate.errors import ConfigError, TranslateError, printable_name, short_repr
from translate.evaluate import result, tables
from translate.evaluate.result import EvaluationResult
from translate.insight.doctor import examine

LICENCE = re.compile("[a-z0-9][a-z0-9.-]{0,63}")
"""identifier of a licence on the Hugging Face Hub, such as ``mit`` or ``cc-by-4.0``"""


class Card(NamedTuple):
    """A model card, and the preview that it shows."""

    text: str
    preview: Path | None


def make_card(
    path: Path,
    name: str,
    *,
    licence: str | None,
    data_licence: str | None,
    with_preview: bool = True,
) -> Card:
    """Return the card of a model: Markdown, with the metadata that the Hugging Face Hub reads.

    Args:
        path: The folder of the checkpoint, as `resolve` returns it.
        name: What the commands of the card name as RUN; its last component is the title.
        licence: Licence of the model, as the Hub names it, such as ``mit``; None: unknown.
        data_licence: Licence of the training images; None: unknown.
        with_preview: Whether the card shows the newest preview of the run, which has images of the
            training data.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        ConfigError: A licence is not an identifier of the Hub.
    """
    for option, value in (("--license", licence), ("--data-license", data_licence)):
        if value is not None and not LICENCE.fullmatch(value):
            raise ConfigError(
                f"{option}: expected an identifier such as mit, apache-2.0 or cc-by-4.0, got "
                f"{short_repr(value)}. See: https://hf.co/docs/hub/repositories-licenses"
            )
    checkpoint, run = read.read_checkpoint(path), path.parent.parent
    session = _last_session(run)
    previews = sorted((run / "previews").glob("step-*.png"))
    preview = previews[-1] if previews and with_preview else None
    evaluation = _evaluation(run, contents.digest_of(path))
    lines = [
        *_metadata(checkpoint, licence, evaluation),
        f"# {name.removesuffix('.zip').rpartition('/')[2]}",
        "",
        *(
            [f"![images of the training data and their translations]({PREVIEW})", ""]
            if preview
            else []
        ),
        *_what_it_is(checkpoint, name),
        *_data(checkpoint, session, data_licence),
        *_metrics(evaluation),
        *_limits(run, checkpoint),
        *_base_model(session),
        *_how_to_repeat(checkpoint, session),
    ]
    return Card("\n".join(lines).rstrip() + "\n", preview)


def _metadata(
    checkpoint: Checkpoint, licence: str | None, evaluation: EvaluationResult | None
) -> Iterator[str]:
    recipe, translates = checkpoint.config.recipe, len(checkpoint.spec.names) > 1
    yield "---"
    if licence:
        yield f"license: {licence}"
    yield "library_name: translate-kit"
    yield f"pipeline_tag: {'image-to-image' if translates else 'unconditional-image-generation'}"
    yield f"tags: [translate-kit, {json.dumps(recipe)}]"
    if evaluation:
        yield tables.model_card(evaluation).rstrip()
    yield "---"
    yield ""


def _what_it_is(checkpoint: Checkpoint, name: str) -> Iterator[str]:
    config, spec = checkpoint.config, checkpoint.spec
    domains = [printable_name(domain) for domain in spec.names]
    yield f"Recipe `{config.recipe}` of translate-kit, step {checkpoint.step:,}: "\
        f"{' to '.join(domains)}."  # fmt: skip
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
            yield f"| `{option}` | `{one_line(value).replace('|', '/')}` |"
        yield ""


def _data(
    checkpoint: Checkpoint, session: Mapping[str, Any], data_licence: str | None
) -> Iterator[str]:
    data, spec = checkpoint.config.data, checkpoint.spec
    yield "## Data"
    yield ""
    folders = ", ".join(f"`{Path(domain).name}`" for domain in data.domains)
    yield f"- folders: {folders}; layout {one_line(data.layout)}"
    data_record = session.get("data")
    if isinstance(data_record, dict):
        yield f"- {data_record.get('files')} training images; names and sizes have the SHA-256 " \
            f"`{data_record.get('sha256')}`"  # fmt: skip
    yield f"- crops of {spec.size[1]}x{spec.size[0]} pixels"
    yield f"- licence of the images: {data_licence or 'unknown'}"
    yield ""


def _metrics(evaluation: EvaluationResult | None) -> Iterator[str]:
    yield "## Metrics"
    yield ""
    if evaluation is None:
        yield "This checkpoint was not evaluated: `translate evaluate RUN` does that."
    else:
        yield tables.markdown(evaluation)
        keys = ("split", "images", "size", "ground truth", "seeds")
        protocol = {key: evaluation.protocol[key] for key in keys if key in evaluation.protocol}
        yield ""
        settings = ", ".join(f"{key} {one_line(value)}" for key, value in protocol.items())
        yield f"Protocol: {settings}."
    yield ""


def _limits(run: Path, checkpoint: Checkpoint) -> Iterator[str]:
    """Yield lines on the training images, and on failures of training."""
    yield "## Limits"
    yield ""
    height, width = checkpoint.spec.size
    yield f"- trained on crops of {width}x{height} pixels of the data above, and on nothing else"
    try:
        examination = examine(run)
    except TranslateError:
        examination = None
        yield "- training was not examined: the log of the run is not here"
    if examination is not None:
        for diagnosis in examination.diagnoses:
            evidence = printable_name(diagnosis.evidence)
            yield f"- {diagnosis.name} since step {diagnosis.since_step}: {evidence}"
        if not examination.diagnoses:
            yield "- `translate doctor` found no failure of training"
        for omission in examination.omissions:
            yield f"- not examined: {printable_name(omission)}"
    yield "- the metadata of outputs says that a model made them: do not remove it"
    yield ""


def _base_model(session: Mapping[str, Any]) -> Iterator[str]:
    imported_files, initial_weights = session.get("imported"), session.get("init")
    if isinstance(imported_files, dict):
        yield "## Base model"
        yield ""
        yield f"Weights of another program, by the importer `{session.get('importer')}`; licence " \
            "unknown, ask whoever trained the model."  # fmt: skip
        yield ""
        for file, digest in imported_files.items():
            yield f"- `{Path(file).name}`, SHA-256 `{digest}`"
        yield ""
    elif isinstance(initial_weights, dict):
        yield "## Base model"
        yield ""
        base_run = str(initial_weights.get("run"))
        base_run = base_run if is_hub_reference(base_run) else Path(base_run).name
        yield f"Trained from the weights of `{base_run}`, step {initial_weights.get('step')}."
        yield ""


def _how_to_repeat(checkpoint: Checkpoint, session: Mapping[str, Any]) -> Iterator[str]:
    versions = {**checkpoint.description["versions"], **_texts(session.get("versions"))}
    plugins = _texts(checkpoint.description.get("plugins"))
    requirements = [f"translate-kit=={versions.get('translate-kit', __version__)}"]
    requirements += [f"{name}=={number}" for name, number in plugins.items()]
    yield "## Repeat"
    yield ""
    yield "```"
    yield f"pip install {' '.join(map(shlex.quote, requirements))}"
    yield f"translate train --config {CONFIG}"
    yield "```"
    yield ""
    yield f"Trained with {', '.join(f'{name} {number}' for name, number in versions.items())}."


def _texts(value: Any) -> dict[str, str]:
    """Return a mapping with keys and values as text; {} for anything else in a damaged file."""
    if not isinstance(value, dict):
        return {}
    return {str(key): str(text) for key, text in value.items()}


def _last_session(run: Path) -> Mapping[str, Any]:
    try:
        return read_last_session(run)
    except TranslateError:
        return {}  # run.json is damaged: the card has only what the checkpoint contains


def _evaluation(run: Path, digest: str) -> EvaluationResult | None:
    """Return the evaluation of `run` if it is of the checkpoint with this digest, else None."""
    path = run / result.FILE
    try:
        evaluation = result.read(path) if path.is_file() else None
    except TranslateError:
        return None
    is_of_checkpoint = evaluation and evaluation.protocol.get("checkpoint sha256") == digest
    return evaluation if is_of_checkpoint else None
