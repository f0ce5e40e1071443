"""SavedModels: they save and restore themselves where their reader says, and nowhere else."""

import pytest

from bench.scan.model_files import BAD_LAYERS, GOOD_LAYERS, layers
from bench.scan.saved_models import (
    FINGERPRINT,
    SAVED_ELSEWHERE,
    call,
    constant,
    function,
    keras_metadata,
    meta_graph,
    node,
    saved_model,
)
from bench.scan.wire import field, number
from gitreg.gates.scan.formats.savers import keep_to_their_place


def test_a_model_that_saves_where_its_reader_says_passes(scanned):
    result = scanned(saved_model(), "saved_model.pb")
    assert (result.format, result.findings) == ("savedmodel", ())
    assert scanned(meta_graph(), "model.meta").safe


@pytest.mark.parametrize("way", SAVED_ELSEWHERE)
def test_a_model_that_could_save_elsewhere_does_not(scanned, way):
    """It would overwrite any file of whoever runs it."""
    result = scanned(SAVED_ELSEWHERE[way], "saved_model.pb")
    assert result.verdict == "unknown"
    assert {finding.rule for finding in result.findings} == {"graph-saver"}


def test_an_operation_that_nobody_knows_is_found_beside_a_checkpoint_too(scanned):
    result = scanned(meta_graph([node(b"x", b"CompanyOp")]), "model.meta")
    assert [finding.rule for finding in result.findings] == ["graph-operation"]


def test_the_default_of_tensorflow_1_is_a_name_of_its_own(scanned):
    def model(name):
        nodes = [constant(b"c", name), node(b"d", b"PlaceholderWithDefault", b"c"), node(b"r", b"RestoreV2", b"d")]
        return saved_model(nodes=nodes)

    assert scanned(model(b"model"), "saved_model.pb").safe
    assert not scanned(model(b"/home/model"), "saved_model.pb").safe


def test_a_place_is_followed_through_functions_that_call_functions():
    """However deep, and back to a constant."""
    inner = function(b"inner_save", [b"p"], [node(b"s", b"SaveV2", b"p")])
    chain = [function(b"middle_%d_" % i, [b"p"], [call(b"c", b"middle_%d_" % (i + 1), b"p")]) for i in range(9)]
    last = function(b"middle_9_", [b"p"], [call(b"c", b"inner_save", b"p")])
    library = b"".join([inner, last, *chain])

    def model(place):
        nodes = [node(b"fed", b"Placeholder"), constant(b"evil", b"/x"), call(b"m", b"middle_0_", place)]
        graph = b"".join(field(1, each) for each in nodes) + field(2, library)
        return number(1, 1) + field(2, field(2, graph) + field(3, field(1, b"fed:0")))

    assert keep_to_their_place(model(b"fed"), whole=True)
    assert not keep_to_their_place(model(b"evil"), whole=True)


def test_a_place_that_is_joined_from_itself_many_times_over_is_followed_once():
    """Followed by every way, it would take 2 ** 60 steps."""
    nodes = [node(b"n%d" % i, b"StringJoin", *[b"n%d" % (i + 1)] * 2) for i in range(60)]
    nodes += [node(b"n60", b"Identity", b"saver_filename"), node(b"s", b"SaveV2", b"n0")]
    assert keep_to_their_place(saved_model(nodes=nodes), whole=True)


def test_a_fingerprint_is_data(scanned):
    assert scanned(FINGERPRINT, "fingerprint.pb").format == "tf-fingerprint"
    assert not scanned(FINGERPRINT + field(8, b"x"), "fingerprint.pb").safe


def test_the_layers_of_keras_metadata_are_looked_at(scanned):
    assert scanned(keras_metadata(layers(*GOOD_LAYERS)), "keras_metadata.pb").safe
    result = scanned(keras_metadata(layers(BAD_LAYERS["Lambda"])), "keras_metadata.pb")
    assert (result.format, result.verdict) == ("keras-metadata", "unsafe")
