"""The story that the demo tells: who types which command where, and how it should end.  Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A line as a person types it in a shell, in the folder `where`; `refused` ones must exit with 1."""

    where: str
    text: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A few commands under a heading that says why."""

    why: str
    commands: tuple[Command, ...]


def story() -> Iterator[Step]:
    """The whole story, in order."""
    yield from _beginning()
    yield from _first_version()
    yield from _production()
    yield from _better_version()
    yield from _questions()
    yield from _tampering()


def _step(why: str, where: str, *commands: str, refused: bool = False) -> Step:
    return Step(why, tuple(Command(where, command, refused) for command in commands))


def _beginning() -> Iterator[Step]:
    yield _step(
        "Alice makes a Git repository a registry. Bytes will be shared beside the Git remote; there is no server.",
        "alice",
        "git init --quiet --bare ../origin.git",
        "git init --quiet && git remote add origin ../origin.git",
        "gitreg init --new-key --stages staging,production",
    )
    yield _step(
        "Real data: scikit-learn's handwritten digits, as an artifact of their own.",
        "alice",
        "python -m gitreg.demo.training dataset data/images",
        "gitreg add data/images --name digit-images --kind dataset --license CC-BY-4.0 --commit 'Add the images'",
        "gitreg register digit-images",
    )
    yield _step(
        "Gates of every kind guard production; one measures the accuracy again, on exactly these images. Bob and Carol "
        "must approve what does not pass them all by a margin.",
        "alice",
        "gitreg keys add bob@example.com --new-key ~/.ssh/bob",
        "gitreg keys add carol@example.com --new-key ~/.ssh/carol",
        "sed s/IMAGES/$(grep -o 'blake3:[0-9a-f]*' data/images.gitreg)/ ../policy.toml > .gitreg/policy.toml",
        "cp -r ../gates . && git add gates",
        "gitreg policy sign",
        "git commit --quiet --all --message 'Gates and two reviewers guard production'",
    )


def _first_version() -> Iterator[Step]:
    yield _step(
        "A real model, with its parameters, metrics, schema and the data it was trained on.",
        "alice",
        _train("baseline"),
        _add("Train a linear baseline"),
        "gitreg register digits --version v1.0.0",
        "gitreg push",
    )


def _train(recipe: str) -> str:
    outputs = "--metrics-out metrics.json --params-out params.json"
    return f"python -m gitreg.demo.training train models/digits --data data/images --recipe {recipe} {outputs}"


def _add(message: str) -> str:
    said = "--metrics-file metrics.json --params-file params.json --schema-file models/digits/schema.json"
    about = "--data digit-images --license Apache-2.0 --owner alice@example.com"
    return f"gitreg add models/digits {said} {about} --commit '{message}'"


def _production() -> Iterator[Step]:
    yield _step(
        "Gates run, then a signed tag says that staging holds v1.0.0.", "alice", "gitreg promote digits staging"
    )
    yield _step(
        "Production holds nothing to compare with yet, so people decide. This is refused, and nothing is written.",
        "alice",
        "gitreg promote digits@v1.0.0 production",
        refused=True,
    )
    yield _step("Alice shares what she signed.", "alice", "gitreg push")
    yield from _approvals("v1.0.0")
    yield _step(
        "Now the policy is satisfied: gates and approvals are embedded in the tag that Alice signs.",
        "alice",
        "gitreg fetch",
        "gitreg gate run digits@v1.0.0 production",
        "gitreg promote digits@v1.0.0 production --push",
    )
    yield _step(
        "A serving host clones, verifies every signature and byte, and predicts with what it pulled.",
        ".",
        "git clone --quiet origin.git serving",
    )
    yield _step(
        "It needs no key: whoever can clone can ask, offline, with proof.",
        "serving",
        "gitreg which digits production",
        "gitreg pull digits@production -o ../model",
        "gitreg verify digits@production --data",
        "gitreg pull digit-images@latest -o ../images",
        "python -m gitreg.demo.training predict ../model --data ../images",
    )


def _approvals(version: str) -> Iterator[Step]:
    for person in ("bob", "carol"):
        yield _step(f"{person.title()} has a clone.", ".", f"git clone --quiet origin.git {person}")
        yield _step(
            f"{person.title()} looks at the version and signs for exactly this promotion.",
            person,
            "gitreg fetch",
            f"gitreg --key ~/.ssh/{person} approve digits@{version} production --push",
        )


def _better_version() -> Iterator[Step]:
    yield _step(
        "A better model is trained.",
        "alice",
        _train("kernel"),
        _add("Train support vectors"),
        "gitreg register digits --bump minor",
        "gitreg promote digits@v1.1.0 staging --push",
    )
    yield _step(
        "Every gate passes with its margin, so nobody needs to look. The tag says that too.",
        "alice",
        "gitreg promote digits@v1.1.0 production --push",
    )
    yield _step(
        "Something is wrong in production: back to the version before, in one command, signed, with the reason.",
        "alice",
        "gitreg rollback digits production -m 'slower than the serving budget allows' --push",
    )


def _questions() -> Iterator[Step]:
    yield _step(
        "What is in production, since when, by whom, made from what? Stock git agrees about the signatures.",
        "alice",
        "gitreg show",
        "gitreg history digits",
        "gitreg lineage digits@v1.0.0",
        "gitreg verify --data",
        "git verify-tag 'digits#production#3'",
    )


def _tampering() -> Iterator[Step]:
    yield Step(
        "Somebody alters the model in the shared store. Nobody gets it: the pull is refused and names the object.",
        (
            Command("serving", "gitreg fetch"),
            Command("serving", "python -m gitreg.demo.tamper ../origin.git/gitreg"),
            Command("serving", "gitreg pull digits@v1.1.0 -o ../tampered", refused=True),
        ),
    )
    forge = "git cat-file tag 'digits#production#3' | sed s/v1.0.0/v1.1.0/ | git hash-object -t tag -w --stdin"
    yield Step(
        "Somebody alters the tag that says what is in production. The answer is no, never a guess.",
        (
            Command("serving", f"git update-ref 'refs/tags/digits#production#3' $({forge})"),
            Command("serving", "gitreg which digits production", refused=True),
            Command("serving", "gitreg verify digits", refused=True),
        ),
    )
