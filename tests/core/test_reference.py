"""REF: what people type."""

from __future__ import annotations

from pathlib import Path

import pytest
from format_strategies import digests, golden, model_names, only_gitreg_errors, stage_names, versions
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName, StageName
from gitreg.core.reference import AtManifest, AtStage, AtVersion, Latest, PointerPath, parse_reference
from gitreg.core.version import Version
from gitreg.errors import UsageError

GOLDEN = Path(__file__).parent / "golden" / "references.txt"
M, S, D = ModelName("mnist"), StageName("production"), Digest("a" * 64)
FORMS = [
    ("mnist", Latest(M)),
    ("mnist@latest", Latest(M)),
    ("mnist@v1.2.0", AtVersion(M, Version(1, 2, 0))),
    ("mnist@production", AtStage(M, S)),
    ("mnist#production", AtStage(M, S)),
    (f"mnist@{D}", AtManifest(M, D)),
    ("models/mnist.gitreg", PointerPath("models/mnist.gitreg")),
    ("../Other Models/MNIST.gitreg", PointerPath("../Other Models/MNIST.gitreg")),
    ("mnist@vision", AtStage(M, StageName("vision"))),
]

references = st.one_of(
    st.builds(Latest, model_names),
    st.builds(AtVersion, model_names, versions),
    st.builds(AtStage, model_names, stage_names),
    st.builds(AtManifest, model_names, digests),
    st.builds(PointerPath, st.from_regex(r"[a-z/# @]{1,12}\.gitreg", fullmatch=True)),
)


def test_golden_file():
    """Scripts say these; each must go on meaning the same."""
    golden(GOLDEN, "".join(f"{text} = {meant}\n" for text, meant in FORMS).encode())
    for text, meant in FORMS:
        assert parse_reference(text) == meant


@given(references)
def test_round_trip(reference):
    """What gitreg prints as a REF could not be typed back."""
    assert parse_reference(str(reference)) == reference


@given(st.text(max_size=60) | st.text(max_size=10).map(lambda text: text + ".gitreg"))
def test_any_text_is_a_reference_or_a_usage_error(text):
    """A typing mistake would look like a bug of ours."""
    only_gitreg_errors(lambda: parse_reference(text))


@pytest.mark.parametrize(
    "text",
    ["", "@", "#", "Mnist", "mnist@", "mnist#", "mnist\n", "mnist@v1", "mnist@v1.2.0!", "mnist#production#4", "..",
     "mnist@blake3:abc", "mnist@blake3:" + "A" * 64, "mnist@blake3:" + "a" * 65, "mnist@@production", "a..b@v1.0.0",
     "mnist@v1.0.0\x00", "x\x00.gitreg", "a\nb.gitreg", "\x1b[31m.gitreg", "a" * 5000 + ".gitreg", "mnist@v²"],
)  # fmt: skip
def test_what_means_nothing_is_refused_with_a_hint(text):
    """It would be looked up in Git or on the disk, as an option, a range or another file."""
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    assert caught.value.hint
    assert caught.value.message.isprintable()
