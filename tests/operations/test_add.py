"""Add: folders, files and datasets become pointers; what cannot be added leaves nothing behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.core.names import ModelName
from gitreg.core.pointer import Kind, parse_pointer
from gitreg.errors import FormatError, GitregError, RefusedError, SourceError, UsageError
from gitreg.operations.add import AddRequest
from gitreg.operations.annotate import LineageRequest
from gitreg.operations.pull import PullRequest


def pointer(registry: Registry, path: str):
    return parse_pointer((registry.root / path).read_bytes(), path)


def test_a_folder_becomes_a_pointer_that_git_tracks_in_its_place(world, registry: Registry):
    added = world.train(registry, b"better")
    assert (added.model, added.kind, added.files, added.pointer) == ("mnist", "model", 2, "models/mnist.gitreg")
    assert world.sh("git", "show", "--name-only", "--format=").split() == ["models/mnist.gitreg"]
    assert world.sh("git", "status", "--porcelain", "--ignored").split() == ["!!", "models/mnist/"]
    assert pointer(registry, "models/mnist.gitreg").manifest == added.manifest


def test_a_single_file_keeps_its_name_and_comes_back_under_it(registry: Registry, tmp_path: Path):
    file = registry.root / "net.onnx"
    file.write_bytes(b"onnx")
    added = registry.add(AddRequest(file, commit_message="Add"))
    assert (added.model, added.pointer, added.files) == ("net", "net.gitreg", 1)
    registry.register("net")
    assert registry.pull("net", request_into(tmp_path)).path == tmp_path / "out" / "net.onnx"
    assert (tmp_path / "out" / "net.onnx").read_bytes() == b"onnx"


def request_into(folder: Path):
    return PullRequest(output=folder / "out")


def test_lineage_pins_the_version_or_else_the_manifest(world, registry: Registry):
    data = world.write("images", {"a.csv": b"1,2\n"})
    registry.add(AddRequest(data, kind=Kind.DATASET, commit_message="Data"))
    folder = registry.root / "models" / "mnist"
    request = AddRequest(folder, lineage=LineageRequest(base=("mnist@v1.0.0",), data=("images",)))
    registry.add(request)
    base, images = pointer(registry, "models/mnist.gitreg").lineage
    assert (base.ref, base.role) == ("mnist@v1.0.0", "base-model")
    assert images.ref == f"images@{images.manifest}"
    registry.register("images")
    registry.add(request)
    assert [entry.ref for entry in pointer(registry, "models/mnist.gitreg").lineage] == [
        "mnist@v1.0.0",
        "images@v1.0.0",
    ]


def test_what_people_wrote_into_the_pointer_stays(registry: Registry):
    file = registry.root / "models" / "mnist.gitreg"
    file.write_text(file.read_text() + "\n[params]\n# tuned by hand\nlr = 0.1\n")
    registry.add(AddRequest(registry.root / "models" / "mnist", metrics={"f1": 0.5}))
    text = file.read_text()
    assert "# tuned by hand\nlr = 0.1" in text
    assert pointer(registry, "models/mnist.gitreg").metrics == {"accuracy": 0.95, "f1": 0.5}


def test_adding_again_without_a_change_changes_nothing(world, registry: Registry):
    before = (registry.root / "models" / "mnist.gitreg").stat()
    added = registry.add(AddRequest(registry.root / "models" / "mnist", commit_message="Again"))
    assert (added.new_chunks, added.commit) == (0, None)
    assert (registry.root / "models" / "mnist.gitreg").stat().st_mtime_ns == before.st_mtime_ns


def test_objects_that_got_lost_are_written_again(world, registry: Registry):
    shutil.rmtree(registry.root / ".git" / "gitreg" / "objects")
    (registry.root / ".git" / "gitreg" / "objects").mkdir()
    assert registry.add(AddRequest(registry.root / "models" / "mnist")).new_chunks > 0
    assert registry.verify("mnist", data=True).ok


@pytest.mark.parametrize("left", [0, 10])
def test_objects_that_were_cut_off_are_written_again(world, registry: Registry, left: int):
    """Following the advice to add the files again would change nothing."""
    for file in world.objects("work/.git"):
        data = file.read_bytes()
        file.chmod(0o644)
        file.write_bytes(data[:left])
    registry.add(AddRequest(registry.root / "models" / "mnist"))
    shutil.rmtree(world.root / "hub.git" / "gitreg")
    assert registry.verify("mnist", data=True).ok


def empty(root: Path) -> Path:
    (root / "thing").mkdir()
    return root / "thing"


def link_out(root: Path) -> Path:
    empty(root)
    (root / "thing" / "passwd").symlink_to("/etc/passwd")
    return root / "thing"


def fifo(root: Path) -> Path:
    empty(root)
    os.mkfifo(root / "thing" / "pipe")
    return root / "thing"


def fifo_itself(root: Path) -> Path:
    os.mkfifo(root / "thing")
    return root / "thing"


def outside(root: Path) -> Path:
    return empty(root.parent)


def a_link_that_leads_out(root: Path) -> Path:
    (root / "thing").symlink_to("/etc")
    return root / "thing"


def dangling(root: Path) -> Path:
    (root / "thing").symlink_to("nowhere")
    return root / "thing"


def the_repository_itself(root: Path) -> Path:
    return root


def git_s_own(root: Path) -> Path:
    return root / ".git" / "refs"


def the_registry_s_own(root: Path) -> Path:
    return root / ".gitreg"


def a_pointer(root: Path) -> Path:
    return root / "models" / "mnist.gitreg"


def tracked(root: Path) -> Path:
    (root / "thing").write_text("in git")
    os.system(f"git -C {root} add thing")
    return root / "thing"


def not_there(root: Path) -> Path:
    return root / "thing"


def capital(root: Path) -> Path:
    (root / "Thing").write_text("x")
    return root / "Thing"


def control(root: Path) -> Path:
    (root / "thi\x1bng").write_text("x")
    return root / "thi\x1bng"


CANNOT = [
    empty, link_out, fifo, fifo_itself, outside, a_link_that_leads_out, dangling, the_repository_itself, git_s_own,
    the_registry_s_own, a_pointer, tracked, not_there, capital, control,
]  # fmt: skip


@pytest.mark.parametrize("make", CANNOT)
def test_what_cannot_be_added_leaves_nothing_behind(world, registry: Registry, make):
    path = make(registry.root)
    before = world.sh("git", "status", "--porcelain"), world.objects("work/.git")
    with pytest.raises((SourceError, UsageError, RefusedError)) as refused:
        registry.add(AddRequest(path))
    assert refused.value.hint
    assert "\x1b" not in refused.value.message + refused.value.hint
    assert "\n" not in refused.value.message
    assert (world.sh("git", "status", "--porcelain"), world.objects("work/.git")) == before


def test_a_name_belongs_to_one_pointer_only(world, registry: Registry):
    other = world.write("other", {"w": b"w"})
    with pytest.raises(RefusedError, match="called 'mnist' already"):
        registry.add(AddRequest(other, name=ModelName("mnist")))
    assert not (registry.root / "models" / "other.gitreg").exists()


def test_a_file_and_a_folder_of_one_stem_do_not_share_a_pointer(registry: Registry):
    (registry.root / "models" / "mnist.onnx").write_bytes(b"x")
    with pytest.raises(RefusedError, match="same pointer"):
        registry.add(AddRequest(registry.root / "models" / "mnist.onnx"))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda text: text.replace("manifest", "manifset", 1), "manifest"),
        (lambda text: text.replace("blake3:", "blake3:0", 1), "digest"),
        (lambda text: text.replace("accuracy = 0.95", "accuracy = nan"), "accuracy"),
        (lambda text: text + "\n[params\n", "line"),
        (lambda text: text.replace("format = 1", "format = 99"), "99"),
    ],
)
def test_a_pointer_edited_into_nonsense_is_neither_overwritten_nor_believed(registry: Registry, change, where: str):
    file = registry.root / "models" / "mnist.gitreg"
    text = change(file.read_text())
    file.write_text(text)
    with pytest.raises(FormatError, match=where):
        registry.add(AddRequest(registry.root / "models" / "mnist"))
    assert file.read_text() == text


@pytest.mark.parametrize("ignored", ["models/", "*.gitreg"])
def test_a_pointer_that_git_ignores_is_refused_before_it_is_written(world, registry: Registry, ignored: str):
    world.write("other", {"w": b"w"})
    (registry.root / ".gitignore").write_text(ignored + "\n")
    before = world.sh("git", "status", "--porcelain")
    with pytest.raises(GitregError, match="ignore") as refused:
        registry.add(AddRequest(registry.root / "models" / "other"))
    assert refused.value.hint
    assert not (registry.root / "models" / "other.gitreg").exists()
    assert world.sh("git", "status", "--porcelain") == before


def test_an_ignore_file_in_any_encoding_is_added_to(world, registry: Registry):
    (registry.root / "models" / ".gitignore").write_bytes(b"# caf\xe9\r\n*.tmp")
    world.train(registry, b"x", "other")
    lines = (registry.root / "models" / ".gitignore").read_bytes().split(b"\n")
    assert b"# caf\xe9\r" in lines
    assert b"/other/" in lines


@pytest.mark.parametrize("name", ["a b", "[x]", "#1", "!no", "back\\slash", "trailing "])
def test_odd_folder_names_are_ignored_exactly(world, registry: Registry, name: str):
    folder = world.write(name, {"w": b"w"})
    registry.add(AddRequest(folder, name=ModelName("odd"), commit_message="Add"))
    assert world.sh("git", "status", "--porcelain") == ""


def test_a_model_may_move_from_a_file_into_a_folder(world, registry: Registry):
    (registry.root / "net.onnx").write_bytes(b"onnx")
    registry.add(AddRequest(registry.root / "net.onnx", commit_message="Add"))
    (registry.root / "net.onnx").unlink()
    (registry.root / "net").mkdir()
    (registry.root / "net" / "net.safetensors").write_bytes(b"tensors")
    assert registry.add(AddRequest(registry.root / "net", commit_message="Move")).model == "net"
    assert pointer(registry, "net.gitreg").path is None
    assert world.sh("git", "status", "--porcelain") == ""
