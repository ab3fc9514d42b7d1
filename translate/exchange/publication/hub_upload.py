"""Upload a model to the Hugging Face Hub."""

from typing import NamedTuple

from translate.engine.checkpoints.references import hub
from translate.engine.checkpoints.references.hub import HubReference, endpoint
from translate.exchange.publication.published import PublishedModel


class Upload(NamedTuple):
    """What was uploaded."""

    reference: HubReference
    """the repository, with the commit"""
    address: str
    """of its page"""


def push(
    model: PublishedModel, repository: str, *, private: bool = False, revision: str | None = None
) -> Upload:
    """Make a repository, if there is none, and upload a model to it in one commit.

    Checkpoints that the repository has from before are removed by the same commit, so that its
    newest is this one.

    Args:
        model: The files.
        repository: ``org/name``.
        private: Whether a new repository is private; an existing one is not changed.
        revision: The branch, which is made if there is none; None: main.

    Raises:
        CheckpointError: The Hub refuses, or cannot be reached.
        MissingPackageError: `huggingface_hub` is not installed.
    """
    place = hub.parse_reference(f"{repository}{f'@{revision}' if revision else ''}")
    package = hub.library()
    api = package.HfApi(endpoint=endpoint(), library_name="translate-kit")
    try:
        address = str(api.create_repo(place.repository, private=private or None, exist_ok=True))
        if revision:
            api.create_branch(place.repository, branch=revision, exist_ok=True)
        before = api.list_repo_files(place.repository, revision=revision)
        old = [f for f in before if f.startswith("checkpoints/") and f not in model.files]
        operations = [package.CommitOperationDelete(name) for name in old]
        operations += [
            package.CommitOperationAdd(name, model.files[name]) for name in sorted(model.files)
        ]
        commit = api.create_commit(
            place.repository,
            operations,
            commit_message=f"{model.record.name}: model {model.record.model[:12]}",
            revision=revision,
        )
    except Exception as error:
        raise hub.explain(place, error) from error
    return Upload(HubReference(place.repository, commit.oid), address)
