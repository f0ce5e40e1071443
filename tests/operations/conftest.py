"""A small world to work in: a registry with people and a policy, the repository it is shared through, and clones."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import gitreg
from gitreg.api import Registry
from gitreg.core.event import Event
from gitreg.core.names import ModelName, Principal
from gitreg.core.oid import Oid
from gitreg.core.tag_message import TagMessage, format_message
from gitreg.git.objects import write_object
from gitreg.git.refs import create_ref
from gitreg.operations.add import AddRequest, AddResult
from gitreg.operations.context import Settings
from gitreg.operations.init import InitRequest
from gitreg.operations.policy.keys import add_key, read_key
from gitreg.operations.policy.sign import PolicySignResult, sign_policy
from gitreg.operations.sign import open_signer
from gitreg.trust.sshsig import sign
from gitreg.trust.tag_object import Tagger, TargetType, attach_signature, encode_tag_object

# ada is the identity that every test's git has; dave may promote too; mallory's key is known and may do nothing;
# nobody knows eve's key.
PEOPLE = {
    "ada": "person@example.com",
    "bob": "bob@example.com",
    "carol": "carol@example.com",
    "dave": "dave@example.com",
    "mallory": "mallory@example.com",
    "eve": "eve@example.com",
}
POLICY = """\
format = 1
epoch = 2
branch = "main"
[roles]
maintainer = ["person@example.com", "dave@example.com"]
reviewer = ["bob@example.com", "carol@example.com", "person@example.com"]
[admins]
from = ["maintainer"]
[rules]
register = ["maintainer"]
deregister = ["maintainer"]
deprecate = ["maintainer"]
[stages.dev]
promote = ["maintainer"]
rollback = ["maintainer"]
unassign = ["maintainer"]
[stages.staging]
promote = ["maintainer"]
rollback = ["maintainer"]
gates = ["accuracy"]
[stages.production]
promote = ["maintainer"]
rollback = ["maintainer"]
unassign = ["maintainer"]
after = "staging"
approvals = { count = 2, from = ["reviewer"] }
[gates.accuracy]
kind = "metric"
metric = "accuracy"
min = 0.9
"""


@dataclass
class World:
    """`hub.git` is what people share; `work` is ada's clone; `said` collects the notes that operations make."""

    root: Path
    said: list[str] = field(default_factory=list)

    def open(self, where: str = "work", who: str = "ada") -> Registry:
        settings = Settings(environ=dict(os.environ), key=str(self.root / "keys" / who), note=self.said.append)
        return gitreg.open(self.root / where, settings)

    def clone(self, where: str, who: str = "ada") -> Registry:
        self.sh("git", "clone", "-q", "hub.git", where, cwd=".")
        return self.open(where, who)

    def sh(self, *command: str, cwd: str = "work", stdin: bytes = b"", code: int = 0) -> str:
        done = subprocess.run(command, cwd=self.root / cwd, input=stdin, capture_output=True, check=False)
        assert done.returncode == code, (done.stdout + done.stderr).decode()
        return (done.stdout + done.stderr).decode()

    def write(self, name: str, files: dict[str, bytes], where: str = "work") -> Path:
        """A model's folder with exactly these files."""
        folder = self.root / where / "models" / name
        shutil.rmtree(folder, ignore_errors=True)
        for path, data in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        return folder

    def train(self, registry: Registry, data: bytes, name: str = "mnist", accuracy: float = 0.95) -> AddResult:
        """Files, pointer and commit of a new model."""
        folder = self.write(name, {"weights.bin": data, "README.md": b"# A model\n"}, registry.root.name)
        request = AddRequest(
            folder, name=ModelName(name), metrics={"accuracy": accuracy}, commit_message=f"Train {name}"
        )
        return registry.add(request)

    def release(self, registry: Registry, data: bytes, *stages: str, name: str = "mnist") -> str:
        """A new version, promoted to stages that want no approval.  Returns its version."""
        self.train(registry, data, name)
        version = str(registry.register(name).version)
        for stage in stages:
            registry.promote(f"{name}@{version}", stage)
        return version

    def change_policy(self, message: str, who: str = "ada", where: str = "work") -> PolicySignResult:
        """Sign and commit what was edited in .gitreg."""
        signed = sign_policy(self.open(where, who).context)
        self.sh("git", "commit", "-q", "-a", "-m", message, cwd=where)
        return signed

    def sign_anyway(self, registry: Registry, event: Event, target: Oid, at: int = 2_000_000_000) -> None:
        """Sign a tag and give it its name, without asking the rules."""
        context = registry.context
        tagger = Tagger("Somebody", "somebody@example.com", at, "+0000")
        payload = encode_tag_object(
            target, TargetType.COMMIT, str(event.tag_name), tagger, format_message(TagMessage(event))
        )
        raw = attach_signature(payload, sign(open_signer(context), payload, "git"))
        create_ref(context.repo, f"refs/tags/{event.tag_name}", write_object(context.repo, "tag", raw))

    def refs(self, where: str = "work", *patterns: str) -> str:
        return self.sh("git", "for-each-ref", *patterns, cwd=where)

    def forge(self, tag: str, old: str, new: str, where: str = "work") -> str:
        """Change a signed tag's text behind everybody's back."""
        raw = self.sh("git", "cat-file", "tag", tag, cwd=where).replace(old, new).encode()
        options = ("-t", "tag", "-w", "--stdin", "--literally")
        oid = self.sh("git", "hash-object", *options, cwd=where, stdin=raw).strip()
        self.sh("git", "update-ref", f"refs/tags/{tag}", oid, cwd=where)
        return oid

    def objects(self, where: str) -> list[Path]:
        """The objects of a store, largest first."""
        found = (self.root / where / "gitreg" / "objects").glob("??/*")
        return sorted(found, key=lambda path: path.stat().st_size, reverse=True)


def flip(path: Path) -> None:
    """Change one bit of a read-only file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, copied by every test, never used itself: mnist v1.0.0 is registered and pushed."""
    root = tmp_path_factory.mktemp("template")
    (root / "gitconfig").write_text("[user]\nname = Ada\nemail = person@example.com\n[init]\ndefaultBranch = main\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GIT_", "GITREG_", "SSH_"))]:
            patch.delenv(name)
        patch.setenv("HOME", str(root))
        patch.setenv("GIT_CONFIG_GLOBAL", str(root / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        _build(World(root))
    return root


def _build(world: World) -> None:
    (world.root / "keys").mkdir()
    for who, principal in PEOPLE.items():
        world.sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", principal, "-f", f"keys/{who}", cwd=".")
    world.sh("git", "init", "-q", "--bare", "--template=", "hub.git", cwd=".")
    world.sh("git", "init", "-q", "--template=", "work", cwd=".")
    world.sh("git", "remote", "add", "origin", "../hub.git")
    gitreg.init(world.root / "work", InitRequest(hooks=False), Settings(key=str(world.root / "keys" / "ada")))
    # the copies have keys of their own; nothing of a test may depend on the template's
    world.sh("git", "config", "--unset", "gitreg.signingKey")
    registry = world.open()
    for who in ("bob", "carol", "dave", "mallory"):
        add_key(registry.context, Principal(PEOPLE[who]), read_key(world.root / "keys" / f"{who}.pub"))
    (registry.root / ".gitreg" / "policy.toml").write_text(POLICY)
    # not a change, which would need signing, but what the registry starts with
    world.sh("git", "commit", "-q", "-a", "--amend", "-m", "Who may do what")
    world.train(registry, bytes(range(256)) * 40)
    registry.register("mnist", message="The first one")
    registry.push()


@pytest.fixture
def world(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A copy of the template to work in and change."""
    shutil.copytree(template, tmp_path / "world", symlinks=True)
    monkeypatch.setenv("GITREG_KEY", str(tmp_path / "world" / "keys" / "ada"))
    monkeypatch.chdir(tmp_path / "world" / "work")
    return World(tmp_path / "world")


@pytest.fixture
def registry(world: World) -> Registry:
    """ada's clone, with mnist@v1.0.0 pushed and in no stage."""
    return world.open()


@pytest.fixture
def flipped():
    """`flipped(path)`: damage a file."""
    return flip
