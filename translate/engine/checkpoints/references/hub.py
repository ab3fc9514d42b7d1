"""Models on the Hugging Face Hub: ``hf-hub:org/name``, or ``hf-hub:org/name@REVISION``.

Only the JSON and safetensors files of a checkpoint are downloaded, into the cache of
`huggingface_hub`; nothing else in a repository is read. Records of a model name its commit. A
reference works offline once its commit is in the cache.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from translate.engine.checkpoints.references.packs import CHECKPOINT_FILES
from translate.engine.checkpoints.retention import newest_checkpoint
from translate.errors import (
    CheckpointError,
    SaveError,
    describe_error,
    printable_name,
    require_package,
    short_repr,
)

if TYPE_CHECKING:
    from types import ModuleType

SCHEME = "hf-hub:"
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,199}")
PATTERNS = [f"checkpoints/step-*/{name}" for name in CHECKPOINT_FILES]


class HubReference(NamedTuple):
    """A repository on the Hub, and one of its revisions."""

    repository: str
    revision: str | None = None
    """a branch, tag or commit; None: the branch main"""

    def __str__(self) -> str:
        return f"{SCHEME}{self.repository}{f'@{self.revision}' if self.revision else ''}"


def is_hub_reference(reference: str | Path) -> bool:
    """Return whether `reference` names a model on the Hub."""
    return str(reference).startswith(SCHEME)


def parse_reference(reference: str | Path) -> HubReference:
    """Return the parts of ``hf-hub:org/name@REVISION``; raises `CheckpointError`."""
    repository, _, revision = str(reference).removeprefix(SCHEME).partition("@")
    wrong = not REPOSITORY.fullmatch(repository) or ".." in str(reference)
    if wrong or (revision and not REVISION.fullmatch(revision)):
        raise CheckpointError(
            f"no repository of the Hub is called {short_repr(str(reference))}: expected "
            f"{SCHEME}org/name or {SCHEME}org/name@REVISION."
        )
    return HubReference(repository, revision or None)


def pin(reference: str | Path, checkpoint: Path) -> str:
    """Return a reference to the Hub with the commit of its `checkpoint`; others unchanged."""
    if not is_hub_reference(reference):
        return str(reference)
    commit = checkpoint.parents[1].name
    return str(HubReference(parse_reference(reference).repository, commit))


def download(reference: str | Path) -> tuple[Path, list[str]]:
    """Return the newest checkpoint of a model on the Hub, and what is wrong with newer ones.

    If all are damaged, everything is downloaded once more.

    Raises:
        CheckpointError: The model cannot be downloaded, or is no model of translate.
        MissingPackageError: `huggingface_hub` is not installed.
        SaveError: The cache cannot be written to.
    """
    place = parse_reference(reference)
    folder = _snapshot(place, download_again=False)
    try:
        return newest_checkpoint(folder, training=False)
    except CheckpointError:
        if library().is_offline_mode():
            raise
    try:
        return newest_checkpoint(_snapshot(place, download_again=True), training=False)
    except CheckpointError as error:
        reason = str(error).replace(str(folder), str(place))
        raise CheckpointError(
            f"{reason} Expected a repository that `translate push` has written."
        ) from error


def library() -> "ModuleType":
    """Return `huggingface_hub`, without its progress bars; raises `MissingPackageError`."""
    require_package("huggingface_hub", "hub")
    import huggingface_hub  # only here: half a second
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    return huggingface_hub


def endpoint() -> str | None:
    """Return the address in the variable ``HF_ENDPOINT``; None for huggingface.co."""
    return os.environ.get("HF_ENDPOINT") or None


def _snapshot(place: HubReference, *, download_again: bool) -> Path:
    """Return the folder of a revision in the cache; download missing files, or all again."""
    package = library()
    try:
        folder = package.snapshot_download(
            place.repository,
            revision=place.revision,
            allow_patterns=PATTERNS,
            endpoint=endpoint(),
            force_download=download_again,
            library_name="translate-kit",
        )
    except Exception as error:
        raise explain(place, error) from error
    return Path(folder)


def explain(place: HubReference, error: Exception) -> CheckpointError | SaveError:
    """Return the error to raise for an exception of `huggingface_hub`, with what to type."""
    from huggingface_hub import errors

    login = "`hf auth login`, or the variable HF_TOKEN, says who you are"
    wrappers = (RuntimeError, errors.LocalEntryNotFoundError)
    while isinstance(error, wrappers) and isinstance(error.__cause__, errors.HfHubHTTPError):
        error = error.__cause__
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if isinstance(error, errors.GatedRepoError):
        page = f"{endpoint() or 'https://huggingface.co'}/{place.repository}"
        return CheckpointError(f"{place} is gated: accept its terms at {page}; {login}.")
    if isinstance(error, errors.RepositoryNotFoundError) or status == 401:
        return CheckpointError(
            f"{place} is not on the Hub, or is private: check the name; {login}."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return CheckpointError(
            f"{place}: there is no such revision. Expected a branch, a tag or a commit."
        )
    if isinstance(error, errors.LocalEntryNotFoundError):
        return CheckpointError(
            f"{place} is not in the cache as a whole, and the Hub cannot be reached: connect to "
            "the network, and unset HF_HUB_OFFLINE if it is set."
        )
    if status == 403:
        return CheckpointError(f"{place}: the Hub refuses access (403); {login}.")
    code = getattr(error, "errno", None)
    if isinstance(error, OSError) and code:
        return SaveError(f"could not keep {place} in the cache: {error.strerror or error}.")
    reason = f"the Hub answers {status}" if status else f"{describe_error(error):.200}"
    return CheckpointError(
        f"{place}: {printable_name(reason.removesuffix('.'))}. The same command tries again."
    )
