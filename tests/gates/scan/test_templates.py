"""Chat templates: what a sandbox would refuse is found in every file that holds them, and everyday ones pass."""

import contextlib
import json
import time

import jinja2
import jinja2.sandbox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.gates.scan.formats.jinja import violation

EVERYDAY = [
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] | trim }}{% endfor %}",
    "{%- if tools is defined and tools | length > 0 -%}{{ tools | tojson(indent=2) }}{%- endif -%}",
    "{% set ns = namespace(found=false) %}{% for m in messages | selectattr('role', 'equalto', 'user') %}x{% endfor %}",
    "{{ raise_exception('Roles must alternate: user, assistant') }} {# obj.__class__ #} outside: __class__ }} |attr",
    "{{ message.tool_calls[0].function.name | replace(' ', '_') }}{{ bos_token ~ '\\u2581' }}",
]
REACHING = {
    "an attribute": "{{ ''.__class__ }}",
    "a subscript": "{{ ''['__class__'] }}",
    "after a table": "{{ {}.__class__ }}",
    "after braces in a text": "{{ '}}'.__class__ }}",
    "over lines": "{{ ''\n.\n__class__ }}",
    "a single underscore": "{{ cycler._x }}",
    "the filter attr": "{{ ''|attr('upper') }}",
    "numbers for letters": r"{{ ''['\x5f\x5fclass\x5f\x5f'] }}",
    "octal numbers": r"{{ ''['\137\137class\137\137'] }}",
    "over a line's end": "{{ ''['_\\\n_class'] }}",
    "a name for a letter": r"{{ ''['\N{LOW LINE}\N{LOW LINE}class'] }}",
    "put together": "{{ ''['_' ~ '_class_' ~ '_'] }}",
    "joined": "{{ ''[['_', '_cl', 'ass', '_', '_'] | join] }}",
    "formatted": "{{ ''['%s_class__' | format('_')] or ''['_%s' | format('_class__')] }}",
    "by map": "{{ [''] | map(attribute='__class__') | list }}",
    "a frame": "{{ f.gi_frame.f_globals }}",
    "a code object": "{{ f.gi_code }}",
    "a statement": "{%- set x = ().__class__ -%}",
    "an import": "{% import 'other' as o %}",
    "an include": "{%- include '/etc/passwd' %}",
    "after a comment": "{# harmless #}{{ x.__class__ }}",
    "after a text that does not end": '{{ "it\'s" }}{{ x.__class__ }}',
    "without an end": "{{ x.__class__",
}


@pytest.mark.parametrize("template", EVERYDAY)
def test_an_everyday_template_is_no_violation(template):
    assert violation(template) is None


@pytest.mark.parametrize("kind", REACHING)
def test_what_reaches_for_more_is_one(kind):
    assert violation(REACHING[kind]) is not None


def file_of(place: str, template: str) -> tuple[bytes, str]:
    """The template in one of the files that readers take it from."""
    match place:
        case "gguf":
            text, key = template.encode(), b"tokenizer.chat_template.tool_use"
            body = len(key).to_bytes(8, "little") + key + (8).to_bytes(4, "little") + len(text).to_bytes(8, "little")
            # texts before it fill more than any window that a reader might look through
            head = b"GGUF" + (3).to_bytes(4, "little") + bytes(8) + (2).to_bytes(8, "little")
            filler = (5).to_bytes(8, "little") + b"a.pad" + (8).to_bytes(4, "little") + (1 << 20).to_bytes(8, "little")
            return head + filler + b" " * (1 << 20) + body + text, "model.gguf"
        case "list":
            templates = [{"name": "default", "template": "x"}, {"name": "tool_use", "template": template}]
            return json.dumps({"chat_template": templates}).encode(), "tokenizer_config.json"
        case "nested":
            return json.dumps({"tokenizer": {"chat_template": template}}).encode(), "x"
        case _:
            return template.encode(), "chat_template.jinja"


@pytest.mark.parametrize("place", ["gguf", "list", "nested", "jinja"])
def test_a_template_is_found_wherever_readers_take_it_from(scanned, place):
    result = scanned(*file_of(place, "{{ {}.__class__.__mro__ }}"))
    assert (result.verdict, result.findings[0].rule) == ("unsafe", "template")
    assert "in a sandbox only" in result.findings[0].advice
    assert scanned(*file_of(place, EVERYDAY[0])).safe


@pytest.mark.parametrize("template", ["{{" * 200_000, "{{ '" * 200_000, "{# " * 200_000, "{{ '\\" * 200_000])
def test_a_hostile_template_takes_time_by_its_length_only(template):
    started = time.process_time()
    violation(template)
    assert time.process_time() - started < 5


WORDS = ["x", ".", "__class__", "['__class__']", "'", '"', "\\", " ", "{}", "|attr('a')"]
PIECES = st.sampled_from(["{{", "}}", "{%", "%}", "{#", "#}", *WORDS])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_jinjas_own_sandbox_refuses_is_a_violation(template):
    """Differential: if rendering gets as far as an attribute that the sandbox forbids, it must have been seen."""

    class Watching(jinja2.sandbox.SandboxedEnvironment):
        refused = False

        def is_safe_attribute(self, obj, attr, value):
            safe = super().is_safe_attribute(obj, attr, value)
            self.refused = self.refused or not safe
            return safe

    environment = Watching()
    with contextlib.suppress(jinja2.TemplateError):
        environment.from_string(template).render(x="")
    if environment.refused:
        assert violation(template) is not None
