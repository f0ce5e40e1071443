"""SavedModels: they save and restore themselves where their reader says, and nowhere else."""

import pytest

from bench.scan.model_files import BAD_LAYERS, GOOD_LAYERS, layers
from bench.scan.saved_models import (
    FINGERPRINT,
    OWN,
    SAVED_ELSEWHERE,
    USES_IT,
    call,
    calling,
    constant,
    fed,
    function,
    keras_metadata,
    meta_graph,
    node,
    saved_model,
)
from bench.scan.wire import field
from gitreg.gates.scan.budget import Limits, Meter, TooMuchError
from gitreg.gates.scan.formats.savers import keep_to_their_place
from gitreg.gates.scan.looks import LOOKS
from gitreg.gates.scan.profiles.table import DEFAULT, allow_list
from gitreg.gates.scan.scan import scan_file


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
        return calling(library, constant(b"evil", b"/x"), call(b"m", b"middle_0_", place))

    assert keep_to_their_place(model(b"fed"), Meter(), whole=True)
    assert not keep_to_their_place(model(b"evil"), Meter(), whole=True)


def test_a_place_that_is_joined_from_itself_many_times_over_is_followed_once():
    """Followed by every way, it would take 2 ** 60 steps."""
    nodes = [node(b"n%d" % i, b"StringJoin", *[b"n%d" % (i + 1)] * 2) for i in range(60)]
    nodes += [node(b"n60", b"Identity", b"saver_filename"), node(b"s", b"SaveV2", b"n0")]
    assert keep_to_their_place(saved_model(nodes=nodes), Meter(), whole=True)


def test_a_model_with_assets_that_savers_do_not_use_passes(scanned):
    """A vocabulary, say: what loaders give its tensor reaches no file's name."""
    nodes = [OWN, USES_IT, constant(b"vocabulary", b"words.txt")]
    assert scanned(saved_model(nodes=nodes, rest=field(6, fed(b"vocabulary:0"))), "saved_model.pb").safe


def saver_of(count):
    """One function with so many arguments, each of which is where something is saved."""
    names = [b"a%d" % each for each in range(count)]
    saves = [node(b"s" + name, b"SaveV2", name) for name in names]
    return calling(function(b"the_saver", names, saves), call(b"c", b"the_saver", *[b"fed"] * count))


def test_a_function_is_looked_for_once_however_many_arguments_it_has():
    """Looked for by each of them, it cost the square of the file's length."""
    meters = Meter(), Meter()
    for meter, count in zip(meters, (1000, 4000), strict=True):
        assert keep_to_their_place(saver_of(count), meter, whole=True)
    assert meters[1].steps < 6 * meters[0].steps


def test_names_to_look_for_are_counted_by_what_is_looked_through():
    """A thousand names in half a megabyte of collections."""
    names = [b"n%d" % each for each in range(1000)]
    nodes = [each for name in names for each in (constant(name, b"model"), node(b"r" + name, b"RestoreV2", name))]
    model = saved_model(nodes=nodes, rest=field(4, bytes(500_000)))
    with pytest.raises(TooMuchError):
        keep_to_their_place(model, Meter(Limits(steps=1_000_000)), whole=True)


def test_a_graph_is_not_traced_once_the_budget_is_spent(tmp_path):
    """Tracing builds it anew in memory; what was seen before is still said."""
    file = tmp_path / "saved_model.pb"
    file.write_bytes(saved_model())
    result = scan_file(file, allow_list(DEFAULT), LOOKS, Limits(steps=150))
    assert {finding.rule for finding in result.findings} == {"budget", "graph-saver"}


def test_a_fingerprint_is_data(scanned):
    assert scanned(FINGERPRINT, "fingerprint.pb").format == "tf-fingerprint"
    assert not scanned(FINGERPRINT + field(8, b"x"), "fingerprint.pb").safe


def test_the_layers_of_keras_metadata_are_looked_at(scanned):
    assert scanned(keras_metadata(layers(*GOOD_LAYERS)), "keras_metadata.pb").safe
    result = scanned(keras_metadata(layers(BAD_LAYERS["Lambda"])), "keras_metadata.pb")
    assert (result.format, result.verdict) == ("keras-metadata", "unsafe")
