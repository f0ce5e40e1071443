"""Every verb keeps the promises that people and scripts rely on: described, settable by variables, in the table."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from gitreg.cli.group import cli
from gitreg.cli.verb import GLOBAL_OPTIONS
from gitreg.cli.verbs import VERBS

UNSET_BY_VARIABLES = {"--help", "--version"}
SHARED_VARIABLES = {"-C": "GITREG_DIR", "--jobs": "GITREG_JOBS"}


def contexts() -> Iterator[click.Context]:
    root = click.Context(cli, info_name="gitreg", auto_envvar_prefix="GITREG")
    yield root
    for verb in VERBS:
        command = cli.get_command(root, verb)
        context = click.Context(command, info_name=verb, parent=root)
        yield context
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                yield click.Context(child, info_name=name, parent=context)


CONTEXTS = list(contexts())
LEAVES = [context for context in CONTEXTS if not isinstance(context.command, click.Group)]


def own_options(context: click.Context) -> list[click.Option]:
    params = context.command.get_params(context)
    return [each for each in params if isinstance(each, click.Option) and not each.hidden]


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda context: context.command_path)
def test_every_option_has_help_and_a_variable_named_after_it(context: click.Context):
    for option in own_options(context):
        name, text = option.get_help_record(context)
        assert option.help, name
        if UNSET_BY_VARIABLES & set(option.opts):
            continue
        long = max(option.opts, key=len).strip("-").replace("-", "_").upper()
        own = "_".join([*context.command_path.upper().split(), long])
        variable = SHARED_VARIABLES.get(option.opts[0], own)
        assert variable in " ".join(text.split()), name


@pytest.mark.parametrize("context", LEAVES, ids=lambda context: context.command_path)
def test_every_verb_takes_the_global_options_and_shows_them(context: click.Context):
    params = context.command.get_params(context)
    taken = {name for each in params if isinstance(each, click.Option) and each.hidden for name in each.opts}
    for option in GLOBAL_OPTIONS:
        assert set(option.opts) <= taken
        assert option.help.split()[0] in context.command.get_help(context)


@pytest.mark.parametrize("context", CONTEXTS[1:], ids=lambda context: context.command_path)
def test_every_verb_says_what_it_does_in_one_sentence(context: click.Context):
    sentence = context.command.help.partition("\n\n")[0]
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert len(sentence) < 80
    if context.info_name in VERBS and context.parent is CONTEXTS[0]:
        assert sentence == VERBS[context.info_name].help


@pytest.mark.parametrize("verb", list(VERBS))
def test_a_verb_outside_a_repository_is_128_and_a_wrong_word_is_2(gitreg, verb: str):
    if isinstance(cli.get_command(CONTEXTS[0], verb), click.Group):
        assert gitreg(verb, "no-such-verb").returncode == 2
    else:
        assert gitreg(verb, "--no-such-option").returncode == 2


def test_which_imports_nothing_that_it_does_not_need(gitreg):
    done = gitreg("which", "mnist", "production", python=("-X", "importtime"))
    assert done.returncode == 128
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "gitreg.operations.which" in modules
    heavy = {"fsspec", "tomlkit", "numpy", "pyfastcdc", "zstandard", "asyncio", "importlib.metadata", "gitreg.storage"}
    assert not heavy & modules


@pytest.mark.parametrize("context", LEAVES, ids=lambda context: context.command_path)
def test_no_argument_is_taken_for_a_global_option(context: click.Context):
    """Click tells them apart by name alone: `keys revoke KEY` would sign with the key that it ends."""
    names = [each.name for each in context.command.get_params(context)]
    assert len(names) == len(set(names))
