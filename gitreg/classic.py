"""The small classic surface: save an object under a name, load it back by version.  Signed tags lie underneath."""

from __future__ import annotations

import getpass
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitreg.api import Registry, init
from gitreg.api import open as open_registry
from gitreg.core.event import Registration
from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.core.pointer import parse_pointer
from gitreg.core.reference import AtVersion
from gitreg.core.remote_url import RemoteUrl
from gitreg.core.tag_name import VersionTag
from gitreg.core.text import escape
from gitreg.core.version import Version
from gitreg.errors import GitError, NotARegistryError, NotFoundError, RefusedError, UsageError
from gitreg.git.config import committer, set_config
from gitreg.git.init import init_repository
from gitreg.git.repository import Repository
from gitreg.operations.add import AddRequest
from gitreg.operations.checkouts import shared_checkout
from gitreg.operations.context import Settings, iso
from gitreg.operations.exclusive import alone_in, exclusively
from gitreg.operations.facts import model_facts, registry_models
from gitreg.operations.init import DEFAULT_REMOTE, InitRequest
from gitreg.operations.resolve import find_version, withdrawn
from gitreg.operations.stores import local_store, remote_store
from gitreg.serializers.marker import serializer_of, write_model
from gitreg.trust.facts import Verified
from gitreg.trust.verify import Verifier


class ModelNotFoundError(NotFoundError, ValueError):
    """No such model, or no such version of it."""


class ModelRegistry:
    """A registry for Python objects.

    `storage` is the URL of the shared store, or None to keep the bytes inside the repository; `metadata` is the path
    of the Git repository.  Both are made if they are not there.
    """

    def __init__(
        self,
        storage: str | None,
        metadata: str | Path,
        *,
        options: Mapping[str, str] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._shared = storage is not None
        self.registry = _opened(Path(metadata), storage, options or {}, settings or Settings())

    def save_model(self, model: object, name: str, description: str = "", tags: Mapping[str, str] | None = None) -> str:
        """Save an object as the model's next version.  Returns the version: "1", "2", ..."""
        model_name = ModelName.parse(name)
        with exclusively(self.registry.context.repo):
            return _plain(self._save(model, model_name, description, dict(tags or {})))

    def _save(self, model: object, name: ModelName, description: str, tags: dict[str, str]) -> Version:
        folder = self.registry.root / name
        with tempfile.TemporaryDirectory(dir=self.registry.root, prefix=".gitreg-save-") as scratch:
            write_model(model, Path(scratch) / "files")
            _replace_folder(Path(scratch) / "files", folder)
        said = {"description": description, "tags": tags}
        version = Version(self._next_major(name), 0, 0)
        message = description or f"Save {name} {version}"
        self.registry.add(AddRequest(folder, name=name, model=said, commit_message=message))
        if self._shared:
            self.registry.push(objects_only=True)
        self.registry.register(name, version=str(version), message=description)
        return version

    def load_model(self, name: str, version: str | None = None) -> Any:  # noqa: ANN401 - whatever was saved
        """Load a version (the latest if none is named), after verifying its signature and every byte.

        Raises ValueError if there is none; VerificationError if anything is not what was signed.
        """
        model_name = _known_name(name)
        known = self._versions(model_name)
        if not known:
            raise ModelNotFoundError(f"Model '{escape(name)}' not found in registry")
        wanted = known[-1] if version is None else _parse(version)
        if wanted not in known:
            raise ModelNotFoundError(f"Model '{escape(name)}' version '{escape(str(version))}' not found")
        context = self.registry.context
        found = find_version(context, AtVersion(model_name, wanted))
        folder = shared_checkout(context, found.manifest)
        # a serializer that runs code may: the version has just verified as signed by somebody who may register
        return serializer_of(folder).load(folder)

    def list_models(self) -> dict[str, list[dict[str, Any]]]:
        """Every model's versions, oldest first, as plain dictionaries."""
        models = {str(name): self._records(name) for name in registry_models(self.registry.context)}
        return {name: records for name, records in models.items() if records}

    def get_model_versions(self, name: str) -> list[str]:
        """The model's versions, oldest first; empty if there is no such model."""
        return [_plain(version) for version in self._versions(_known_name(name))]

    def get_latest_version(self, name: str) -> str | None:
        """The model's latest version, or None."""
        versions = self.get_model_versions(name)
        return versions[-1] if versions else None

    def delete_model(self, name: str, version: str | None = None) -> None:
        """Withdraw a version, or all of them.  Raises ValueError if there is none, RefusedError while a stage holds it.

        The bytes and the history stay until garbage collection and retention let them go; numbers are never reused.
        """
        model_name = _known_name(name)
        known = self._versions(model_name)
        if not known:
            raise ModelNotFoundError(f"Model '{escape(name)}' not found in registry")
        wanted = known if version is None else [v for v in known if v == _parse(version)]
        if not wanted:
            raise ModelNotFoundError(f"Model '{escape(name)}' version '{escape(str(version))}' not found")
        for each in wanted:
            self.registry.deregister(model_name, str(each))

    def _next_major(self, name: ModelName) -> int:
        """Withdrawn versions count too: their tags stay."""
        tags = model_facts(self.registry.context, name).version_tags(name)
        return tags[-1].version.major + 1 if tags else 1

    def _versions(self, name: ModelName) -> list[Version]:
        facts = model_facts(self.registry.context, name)
        return [tag.version for tag in facts.version_tags(name) if not withdrawn(facts, tag)]

    def _records(self, name: ModelName) -> list[dict[str, Any]]:
        facts = model_facts(self.registry.context, name)
        verifier = Verifier(facts)
        records = []
        for tag in facts.version_tags(name):
            verdict = verifier.verdict(tag)
            if isinstance(verdict, Verified) and not withdrawn(facts, tag):
                records.append(self._record(tag, verdict, facts.pointers))
        return records

    def _record(self, tag: VersionTag, verified: Verified, pointers: Mapping[tuple[Oid, str], bytes]) -> dict[str, Any]:
        event = verified.event
        if not isinstance(event, Registration):
            raise NotFoundError(f"{tag} is not a registration")
        pointer = parse_pointer(pointers[verified.target, event.pointer.path])
        return {
            "name": str(tag.model),
            "version": _plain(tag.version),
            "description": pointer.model.get("description", ""),
            "tags": pointer.model.get("tags", {}),
            "created_at": iso(verified.seconds).isoformat(),
            "storage_path": f"{self._place()}/objects/{event.manifest.hex[:2]}/{event.manifest.hex}",
            "file_size": pointer.size,
        }

    def _place(self) -> str:
        context = self.registry.context
        return (remote_store(context) if self._shared else local_store(context)).describe()


def create_registry(
    kind: str,
    *,
    path: str | Path = "./models",
    bucket: str | None = None,
    prefix: str = "",
    region: str | None = None,
    endpoint_url: str | None = None,
) -> ModelRegistry:
    """A ModelRegistry by the kind of its store: "local", "s3" or "gcs".

    `path` is the Git repository that keeps versions and signatures.  Made if absent: the repository, the registry
    in it, and a signing key (~/.ssh/id_ed25519_gitreg) if you have none.
    """
    if kind == "local":
        return ModelRegistry(None, path)
    schemes = {"s3": "s3", "gcs": "gs"}
    if kind not in schemes:
        raise UsageError(f"unknown kind of registry: '{escape(kind)}'", hint="use 'local', 's3' or 'gcs'")
    if not bucket:
        raise UsageError(f"a registry on {kind} needs a bucket", hint=f"create_registry('{kind}', bucket='...')")
    options = {"region": region, "endpoint-url": endpoint_url}
    url = f"{schemes[kind]}://{bucket}/{prefix}".rstrip("/")
    return ModelRegistry(url, path, options={key: value for key, value in options.items() if value})


def _opened(path: Path, storage: str | None, options: Mapping[str, str], settings: Settings) -> Registry:
    url = RemoteUrl.parse(storage if "://" in storage else f"file://{Path(storage).absolute()}") if storage else None
    with alone_in(path):
        # at exactly this path: a registry around it is another one
        repo = Repository.discover(path) if (path / ".git").exists() else _new_repository(path)
        for key, value in options.items():
            set_config(repo, f"gitreg.remote.{DEFAULT_REMOTE}.{key}", value)
        try:
            registry = open_registry(path, settings)
        except NotARegistryError:
            init(path, InitRequest(remote=url, new_key=True, hooks=False), settings)
            registry = open_registry(path, settings)
    _check_same(registry, url)
    return registry


def _check_same(registry: Registry, url: RemoteUrl | None) -> None:
    config = registry.context.config
    present = config.remotes.get(config.default_remote) if config.default_remote else None
    if present != url:
        raise RefusedError(
            f"the registry keeps its bytes in {present or 'the repository itself'}, not in {url or 'the repository'}",
            hint="open it with the store it has, or choose another path",
        )


def _new_repository(path: Path) -> Repository:
    """A repository at exactly this path; people without a Git identity get their login name as one."""
    repo = init_repository(path)
    try:
        committer(repo)
    except GitError:
        login = getpass.getuser()
        set_config(repo, "user.name", login)
        set_config(repo, "user.email", f"{login}@localhost")
    return repo


def _replace_folder(fresh: Path, folder: Path) -> None:
    """The working copy of the latest version; whatever is lost here is still in the store."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        shutil.rmtree(folder)
    fresh.rename(folder)


def _known_name(name: str) -> ModelName:
    """A name that cannot be one is of a model that is not there."""
    try:
        return ModelName.parse(name)
    except UsageError:
        raise ModelNotFoundError(f"Model '{escape(name)}' not found in registry") from None


def _parse(version: str) -> Version | None:
    text = str(version)
    try:
        return Version(int(text), 0, 0) if text.isdecimal() and len(text) < 10 else Version.parse(text)
    except UsageError:
        return None


def _plain(version: Version) -> str:
    whole = version.minor == version.patch == 0
    return str(version.major) if whole else str(version)
