"""Editing pointers: what people wrote in them stays, and what was meant is what stands there afterwards."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_pointer import pointers, tables

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.pointer import Kind, LineageEntry, parse_pointer
from gitreg.core.pointer_edit import Annotations, ArtifactFacts, format_pointer, write_pointer
from gitreg.errors import FormatError

A, B, C = (Digest(letter * 64) for letter in "abc")
FACTS = ArtifactFacts(ModelName("mnist"), A, 10, 2)
NEW = ArtifactFacts(ModelName("mnist"), B, 11, 3)
TEXT = f"""\
# Mine.
format = 1   # the first

[metrics]    # before the artifact, as I like it
  accuracy   =   0.9     # on the test split

[artifact]
files = 2
name="mnist" # short
manifest = '{A}'
size = 1_0


# Where it comes from
[[lineage]]   # the data
role = "training-data"
ref   =  "digits@v1.0.0"  # first release
manifest = "{A}"

[[lineage]]
ref = "resnet@v1.0.0"
manifest = "{A}"   # frozen
# the end of lineage

[params]  # tuned by hand
lr = 0.1   # not 0.2!
on = true
"""


def edit(annotations: Annotations, old: str = TEXT, facts: ArtifactFacts = NEW) -> str:
    return write_pointer(facts, annotations, old.encode()).decode()


def test_an_edit_changes_only_what_it_means_to():
    """People would stop writing comments into pointers, or stop using `gitreg add`."""
    expected = TEXT.replace("files = 2", "files = 3").replace(f"'{A}'", f'"{B}"').replace("size = 1_0", "size = 11")
    expected = expected.replace("0.9  ", "0.95  ").replace("lr = 0.1 ", "lr = 0.2 ")
    assert edit(Annotations(metrics={"accuracy": 0.95}, params={"lr": 0.2})) == expected


def test_an_edit_without_news_changes_nothing():
    """Every `gitreg add` would leave a dirty working tree."""
    again = Annotations(
        metrics={"accuracy": 0.9},
        params={"on": True},
        lineage=(LineageEntry("digits@v1.0.0", A, "training-data"), LineageEntry("resnet@v1.0.0", A, "base-model")),
    )
    assert edit(again, facts=FACTS) == TEXT


def test_a_newer_dataset_takes_the_older_ones_place():
    """A model would claim to be trained on two releases of one dataset, or lose what was said beside it."""
    new = edit(Annotations(lineage=(LineageEntry("digits@v2.0.0", C, "training-data"),)), facts=FACTS)
    lines = TEXT.replace("digits@v1.0.0", "digits@v2.0.0").splitlines()
    lines[lines.index(f'manifest = "{A}"')] = f'manifest = "{C}"'
    assert new.splitlines() == lines


def test_another_role_or_model_is_another_entry():
    """The base model would vanish when the data is named, or data tested on when the training data is."""
    more = (LineageEntry("digits@v1.1.0", C, "test-data"), LineageEntry("extra@v1.0.0", C, "training-data"))
    after = parse_pointer(edit(Annotations(lineage=more)).encode()).lineage
    assert [(entry.ref, entry.role) for entry in after] == [
        ("digits@v1.0.0", "training-data"),
        ("resnet@v1.0.0", "base-model"),
        ("digits@v1.1.0", "test-data"),
        ("extra@v1.0.0", "training-data"),
    ]


def test_doubles_of_a_replaced_entry_go():
    """Two people's merged pointers would keep naming the old dataset."""
    doubled = TEXT + f'\n[[lineage]]\nref = "digits@v0.9.0"\nmanifest = "{A}"\nrole = "training-data"\n'
    after = parse_pointer(
        edit(Annotations(lineage=(LineageEntry("digits@v2.0.0", C, "training-data"),)), doubled).encode()
    )
    assert [entry.ref for entry in after.lineage] == ["digits@v2.0.0", "resnet@v1.0.0"]


REST = f'[artifact]\nname = "mnist"\nmanifest = "{A}"\nsize = 10\nfiles = 2\n'
DOTTED = f'artifact.name = "mnist"\nartifact.manifest = "{A}"\nartifact.size = 10\n'
INLINE = f'{{ ref = "digits@v1.0.0", manifest = "{A}", role = "d" }}'
LAYOUTS = {
    "inline": f'format = 1\nartifact = {{ name = "mnist", manifest = "{A}", size = 10, files = 2 }} # inline\n',
    "dotted": f"format = 1\n{DOTTED}artifact.files = 2\n",
    "dotted apart": f"format = 1\n{DOTTED}params.a = 1\nartifact.files = 2\n",
    "inline lineage": f"format = 1\nlineage = [ {INLINE}, ]\nparams = {{ a = 1 }}\n{REST}",
    "empty lineage": f"format = 1\nlineage = []\n{REST}",
    "line ends": TEXT.replace("\n", "\r\n"),
    "tables apart": TEXT + "[params.inner]\nx = 1\n[schema]\n[model.a]\n[dependencies]\n[model.b]\n",
    "no last line end": TEXT.removesuffix("\n"),
}


@pytest.mark.parametrize("old", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_way_to_write_a_table_can_be_edited(old):
    """A pointer tidied by hand, legal TOML, would make `gitreg add` crash."""
    annotations = Annotations(params={"a": 2}, model={"owner": "me"}, lineage=(LineageEntry("digits@v2.0.0", C, "d"),))
    after = parse_pointer(edit(annotations, old).encode())
    assert (after.manifest, after.size, after.params["a"], after.model["owner"]) == (B, 11, 2, "me")
    assert LineageEntry("digits@v2.0.0", C, "d") in after.lineage


def test_a_value_of_another_type_replaces_one_that_compares_equal():
    """`true` would stay where 1 was meant: Python says that they are equal."""
    assert "on = 1\n" in edit(Annotations(params={"on": 1}))
    assert "lr = 1.0 " in edit(Annotations(params={"lr": 1.0}), TEXT.replace("lr = 0.1", "lr = 1"))


@pytest.mark.parametrize(
    "value", [None, [None], {"a": None}, object(), "\udcff", float("nan"), [float("inf")], 1 << 64, b"x"]
)
def test_a_value_that_toml_cannot_hold_is_refused(value):
    """It would be dropped in silence, or crash on the way."""
    with pytest.raises(FormatError) as caught:
        edit(Annotations(params={"x": value}))
    assert caught.value.hint
    assert caught.value.message.isprintable()


def test_dates_may_be_given():
    """Parameters from a TOML file may hold dates."""
    assert "day = 2026-01-02\n" in edit(Annotations(params={"day": datetime.date(2026, 1, 2)}))


def test_a_broken_pointer_is_not_edited():
    """A mistake would be built upon instead of shown."""
    with pytest.raises(FormatError, match="at line 2"):
        write_pointer(NEW, Annotations(), b"format = 1\n= 2\n")


def test_a_single_file_may_become_a_directory_and_back():
    """The pointer would name a file that is no more."""
    single = ArtifactFacts(ModelName("mnist"), B, 1, 1, Kind.DATASET, "mnist.onnx")
    assert parse_pointer(edit(Annotations(), facts=single).encode()).path == "mnist.onnx"
    assert parse_pointer(edit(Annotations(), edit(Annotations(), facts=single)).encode()).path is None


@given(pointers, tables, st.dictionaries(st.text("ab.\"'", max_size=3), st.integers(0, 9), max_size=2))
def test_any_pointer_can_be_edited(pointer, params, metrics):
    """Given keys replace old ones and everything else stays, whatever was there."""
    text = write_pointer(FACTS, Annotations(params=params, metrics=metrics), format_pointer(pointer))
    after = parse_pointer(text)
    assert after.params == {**pointer.params, **params}
    assert after.metrics == {**pointer.metrics, **metrics}
    assert (after.model, after.lineage, after.manifest) == (pointer.model, pointer.lineage, A)
