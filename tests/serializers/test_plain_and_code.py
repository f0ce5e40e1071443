"""Values that JSON holds exactly are data; all that it would change is not JSON."""

import collections
import enum
import json
import math
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitreg.errors import FormatError, NotFoundError, UsageError
from gitreg.serializers import serializer_for, serializer_named, serializer_of, write_model

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plain)
def test_plain_values_come_back_the_same_in_type_and_value(round_trip, value):
    name, loaded = round_trip(value)
    assert name == "json"
    assert repr(loaded) == repr(value)


class Colour(enum.IntEnum):
    RED = 1


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        {"a": (1,)},
        {1: "a"},
        {None: 1},
        {"a"},
        b"bytes",
        1 + 2j,
        math.inf,
        [math.nan],
        Colour.RED,
        Text("a"),
        collections.OrderedDict(a=1),
    ],
)
def test_what_json_would_change_is_not_saved_as_json(round_trip, value):
    name, loaded = round_trip(value)
    assert name == "code"
    assert type(loaded) is type(value)
    assert repr(loaded) == repr(value)


def test_an_integer_too_long_to_read_back_as_a_decimal_is_not_saved_as_json(round_trip):
    assert round_trip(10**5000) == ("code", 10**5000)


def test_a_cycle_is_no_json_and_does_not_hang(round_trip):
    cycle = []
    cycle.append(cycle)
    name, loaded = round_trip(cycle)
    assert name == "code"
    assert loaded[0] is loaded


def test_a_function_comes_back_working_and_is_marked_as_code(round_trip):
    slope = 3
    name, loaded = round_trip(lambda x: slope * x + 1)
    assert loaded(2) == 7
    assert serializer_named(name).runs_code


def test_only_code_runs_code():
    names = ["json", "numpy", "torch", "sklearn", "onnx", "code"]
    assert [name for name in names if serializer_named(name).runs_code] == ["code"]


def test_an_object_nobody_can_save_is_named_by_its_type(tmp_path):
    with pytest.raises(UsageError, match=r"the type _thread\.lock cannot be saved"):
        write_model(threading.Lock(), tmp_path / "m")


def test_a_pickle_that_does_not_load_is_one_line_with_a_hint(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04cgone\nthing\n.")
    with pytest.raises(FormatError, match="No module named 'gone'"):
        serializer_named("code").load(tmp_path)


def test_the_note_beside_the_files_is_a_format_with_a_version(tmp_path):
    write_model({"a": 1}, tmp_path)
    assert (tmp_path / "serializer.json").read_text() == '{"format": 1, "serializer": "json"}\n'


@pytest.mark.parametrize(
    ("note", "error", "reason"),
    [
        (None, NotFoundError, "there is no serializer.json"),
        ("{", FormatError, "not JSON"),
        ("[" * 4000, FormatError, "not JSON"),
        ("[]", FormatError, "malformed"),
        ('{"format": true, "serializer": "json"}', FormatError, "malformed"),
        ('{"format": 1, "serializer": 1}', FormatError, "malformed"),
        ('{"format": 2, "serializer": "json"}', FormatError, "has the format 2"),
        ('{"format": 1, "serializer": "no\\u001bsuch"}', NotFoundError, r"named no\\x1bsuch"),
    ],
)
def test_a_note_of_another_kind_is_refused(tmp_path, note, error, reason):
    if note is not None:
        (tmp_path / "serializer.json").write_text(note)
    with pytest.raises(error, match=reason):
        serializer_of(tmp_path)


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A real installed distribution, as far as importlib.metadata can tell."""

    def install(code, name="decimal"):
        (tmp_path / "serializer_plugin.py").write_text(code)
        info = tmp_path / "serializer_plugin-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: serializer_plugin\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[gitreg.serializers]\n{name} = serializer_plugin:Decimals\n")
        monkeypatch.delitem(__import__("sys").modules, "serializer_plugin", raising=False)

    monkeypatch.syspath_prepend(tmp_path)
    return install


PLUGIN = """
from decimal import Decimal
class Decimals:
    name, runs_code = "decimal", False
    def matches(self, model): return type(model) is Decimal
    def save(self, model, directory): (directory / "d.txt").write_text(str(model))
    def load(self, directory): return Decimal((directory / "d.txt").read_text())
"""


def test_an_installed_package_adds_a_serializer_before_code_is_tried(plugin, tmp_path):
    from decimal import Decimal  # noqa: PLC0415

    plugin(PLUGIN)
    written = write_model(Decimal("1.10"), tmp_path / "m")
    assert (written.name, written.runs_code) == ("decimal", False)
    assert str(serializer_of(tmp_path / "m").load(tmp_path / "m")) == "1.10"
    assert serializer_for(1).name == "json"


@pytest.mark.parametrize(("code", "name"), [("import no_such_module", "decimal"), (PLUGIN, "other")])
def test_a_broken_package_is_named_and_its_objects_do_not_become_code(plugin, code, name):
    plugin(code, name)
    with pytest.raises(FormatError, match=f"the serializer {name} "):
        serializer_for(lambda: 1)


def test_saved_json_passes_other_readers(tmp_path):
    write_model({"ä": [1.5, None]}, tmp_path)
    assert json.loads((tmp_path / "model.json").read_text()) == {"ä": [1.5, None]}
