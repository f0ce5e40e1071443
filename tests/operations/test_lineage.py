"""Lineage: what a version was made from and what was made from it, pinned by manifests."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.core.pointer import Kind
from gitreg.operations.add import AddRequest
from gitreg.operations.annotate import LineageRequest


def add(registry: Registry, world, name: str, content: bytes, **made_from: tuple[str, ...]) -> str:
    folder = world.write(name, {"w": content})
    kind = Kind.DATASET if name == "images" else None
    registry.add(AddRequest(folder, kind=kind, lineage=LineageRequest(**made_from), commit_message=f"Add {name}"))
    return f"{name}@{registry.register(name).version}"


@pytest.fixture
def family(world, registry: Registry) -> Registry:
    """images -> teacher -> student, and images -> student."""
    add(registry, world, "images", b"pixels")
    add(registry, world, "teacher", b"large", data=("images",))
    add(registry, world, "student", b"small", data=("images@v1.0.0",), base=("teacher",))
    return registry


def edges(lineage) -> set[tuple[str, str, str]]:
    return {(edge.source, edge.target, edge.role) for edge in lineage.edges}


def test_ancestors_and_descendants(family: Registry):
    found = family.lineage("teacher")
    assert found.focus == "teacher@v1.0.0"
    assert edges(found) == {
        ("images@v1.0.0", "teacher@v1.0.0", "training-data"),
        ("teacher@v1.0.0", "student@v1.0.0", "base-model"),
    }
    assert {node.id: node.kind for node in family.lineage("images").nodes} == {
        "images@v1.0.0": "dataset",
        "teacher@v1.0.0": "model",
        "student@v1.0.0": "model",
    }


def test_a_newer_version_of_the_data_has_no_part_in_it(world, family: Registry):
    add(family, world, "images", b"more pixels")
    assert family.lineage("images@v1.1.0").edges == ()
    assert ("images@v1.0.0", "student@v1.0.0", "training-data") in edges(family.lineage("student"))


def test_a_draft_is_shown_before_it_is_registered(world, family: Registry):
    world.write("student", {"w": b"smaller"})
    family.add(AddRequest(family.root / "models" / "student", lineage=LineageRequest(base=("teacher",))))
    found = family.lineage("models/student.gitreg")
    assert found.focus == "models/student.gitreg"
    assert found.nodes[0].verified is False
    assert {node.id for node in found.nodes} == {"models/student.gitreg", "teacher@v1.0.0", "images@v1.0.0"}


def test_data_that_was_never_registered_is_a_stranger(world, registry: Registry):
    registry.add(AddRequest(world.write("images", {"w": b"pixels"}), commit_message="Add"))
    add(registry, world, "teacher", b"large", data=("images",))
    (stranger,) = [node for node in registry.lineage("teacher").nodes if node.model == "images"]
    assert (stranger.verified, stranger.version) == (False, None)
    registry.register("images")
    assert {node.id for node in registry.lineage("teacher").nodes} == {"teacher@v1.0.0", "images@v1.0.0"}


def test_a_model_made_from_itself_comes_to_an_end(world, registry: Registry):
    add(registry, world, "student", b"one")
    add(registry, world, "student", b"two", base=("student@v1.0.0",))
    assert edges(registry.lineage("student")) == {("student@v1.0.0", "student@v1.1.0", "base-model")}
