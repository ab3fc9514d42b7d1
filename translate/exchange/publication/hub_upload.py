"""Upload a model to the Hugging Face Hub."""

from typing import NamedTuple

from translate.engine.checkpoints.references import hub
from translate.engine.checkpoints.references.hub import HubReference, endpoint
from translate.exchange.publication.model_files import ModelFiles


class Upload(NamedTuple):
    """An uploaded model."""

    reference: HubReference
    """the repository and the commit"""
    address: str
    """the URL of its page"""


def push(
    model: ModelFiles, repository: str, *, private: bool = False, revision: str | None = None
) -> Upload:
    """Upload a model to a repository in one commit; create the repository if it does not exist.

    The commit deletes other checkpoints, so that the uploaded checkpoint is the newest.

    Args:
        model: The model and its files.
        repository: ``org/name``.
        private: Whether a new repository is private; an existing one is not changed.
        revision: The branch, which is created if it does not exist; None: main.

    Raises:
        CheckpointError: The Hub rejects the upload, or cannot be reached.
        MissingPackageError: `huggingface_hub` is not installed.
    """
    target = hub.parse_reference(f"{repository}{f'@{revision}' if revision else ''}")
    package = hub.library()
    api = package.HfApi(endpoint=endpoint(), library_name="translate-kit")
    try:
        address = str(api.create_repo(target.repository, private=private or None, exist_ok=True))
        if revision:
            api.create_branch(target.repository, branch=revision, exist_ok=True)
        existing = api.list_repo_files(target.repository, revision=revision)
        other_checkpoints = [name for name in existing if name.startswith("checkpoints/")]
        operations = [
            package.CommitOperationDelete(name)
            for name in other_checkpoints
            if name not in model.files
        ]
        operations += [
            package.CommitOperationAdd(name, model.files[name]) for name in sorted(model.files)
        ]
        commit = api.create_commit(
            target.repository,
            operations,
            commit_message=f"{model.record.name}: model {model.record.model[:12]}",
            revision=revision,
        )
    except Exception as error:
        raise hub.explain(target, error) from error
    return Upload(HubReference(target.repository, commit.oid), address)
