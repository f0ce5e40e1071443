"""The documentation cannot drift: commands are documented, examples run, words are defined, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from gitreg.cli.group import cli

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
REFERENCE = (ROOT / "docs/reference/cli.md").read_text()
GLOSSARY = (ROOT / "docs/glossary.md").read_text()

TESTS = "\n".join(file.read_text() for file in sorted((ROOT / "tests").rglob("test_*.py")))

# The words that design, code and CLI share; each means one thing.
WORDS = ("registry", "model", "pointer", "manifest", "chunk", "object", "store", "remote", "version", "stage", "gate",
         "approval", "policy", "checkout", "principal", "protected branch", "promotion request", "lineage")  # fmt: skip


def commands() -> dict[str, click.Command]:
    """Every command by its full name, `gitreg remote add` included."""
    root = click.Context(cli, info_name="gitreg")
    found: dict[str, click.Command] = {}
    for verb in cli.list_commands(root):
        command = cli.get_command(root, verb)
        assert command is not None
        found[f"gitreg {verb}"] = command
        if isinstance(command, click.Group):
            found |= {f"gitreg {verb} {name}": inner for name, inner in command.commands.items()}
    return found


def options(command: click.Command) -> list[click.Option]:
    return [param for param in command.params if isinstance(param, click.Option) and not param.hidden]


def section(name: str) -> str:
    """What stands under a heading of the reference, up to the next heading."""
    match = re.search(rf"^#+ {re.escape(name)}\n(.*?)(?=^#|\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
    return match[1] if match else ""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", commands())
def test_each_command_and_option_is_documented(name: str) -> None:
    """A command or option that is not in docs/reference/cli.md would be known to its author only."""
    text = section(name)
    assert text, f"docs/reference/cli.md has no section '{name}'"
    for option in options(commands()[name]):
        missing = [flag for flag in option.opts if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text)]
        assert not missing, f"{name}: {missing} not in docs/reference/cli.md"


def test_global_options_are_documented() -> None:
    """--json or -C would be found by nobody."""
    for option in options(cli):
        for flag in option.opts:
            assert f"`{flag}" in section("Global options")


def test_no_removed_command_is_documented() -> None:
    """Somebody would try a command that is gone."""
    documented = re.findall(r"^#+ (gitreg .*)$", REFERENCE, re.MULTILINE)
    assert sorted(documented) == sorted(commands())


@pytest.mark.parametrize("name", commands())
def test_no_removed_option_is_documented(name: str) -> None:
    """Somebody would try an option that is gone."""
    known = {flag for option in [*options(commands()[name]), *options(cli)] for flag in option.opts}
    in_table = re.findall(r"^\| (`.*?) \|", section(name), re.MULTILINE)
    named = {flag for cell in in_table for flag in re.findall(r"`(--?[A-Za-z-]+)", cell)}
    assert named <= known


@pytest.mark.parametrize("word", WORDS)
def test_each_word_is_in_the_glossary(word: str) -> None:
    """One word per thing only helps if it is written down."""
    assert f"| {word} |" in GLOSSARY


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """A page or heading was renamed and the others still point to the old one."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in headings(linked), f"{page.name} links to {target}"


def headings(page: Path) -> set[str]:
    """Anchors as Git hosts make them from headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


SECURITY = (ROOT / "docs/security.md").read_text()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", SECURITY))))
def test_each_test_that_a_threat_names_exists(name: str) -> None:
    """A defence would be claimed that nobody tries any more."""
    assert re.search(rf"^def {name}\(", TESTS, re.MULTILINE)


def test_each_attack_has_a_test() -> None:
    """A row of the threat model without one would be a wish."""
    rows = re.findall(r"^\| (?:anybody|a pusher|a member|a thief|the host|the store) \|.*$", SECURITY, re.MULTILINE)
    assert len(rows) > 40
    assert [row for row in rows if "`test_" not in row.rsplit("|", 2)[1]] == []


def gitreg_lines() -> list[tuple[str, str]]:
    """Every line of an `sh` or `console` block that calls gitreg, with its page."""
    found = []
    for page in PAGES:
        for block in blocks(page, "sh"):
            calls = re.findall(r"(?:^|\$\(|&& |\"\$\()\s*(gitreg [^\n|&)]*)", block, re.MULTILINE)
            found += [(str(page.relative_to(ROOT)), call.strip()) for call in calls]
        for block in blocks(page, "console"):
            calls = re.findall(r"^\w* ?\$ (gitreg .*)$", block, re.MULTILINE)
            found += [(str(page.relative_to(ROOT)), call) for call in calls]
    return found


@pytest.mark.parametrize(("page", "line"), gitreg_lines())
def test_commands_in_the_docs_can_be_parsed(page: str, line: str) -> None:
    """A command in a page has a word, an option or a value that the program does not take."""
    words = shlex.split(line.replace("$", ""), comments=True)[1:]
    if words[:1] == ["-C"]:
        words = words[2:]
    if words[:1] == ["--key"]:
        words = words[2:]
    parse(cli, words)


def parse(group: click.Group, words: list[str]) -> None:
    context = click.Context(group, info_name="gitreg")
    command = group.get_command(context, words[0])
    assert command is not None, words[0]
    if isinstance(command, click.Group):
        parse(command, words[1:])
    else:
        command.make_context(words[0], words[1:], parent=context)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_a_tour_runs_as_it_is_written(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer follows the tour word by word and a command fails."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin")
    script = "\n".join(["set -eu", *blocks(ROOT / page, "sh")])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, stdin=subprocess.DEVNULL, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for refused in EXPECTED[page]:
        assert refused in done.stdout + done.stderr


EXPECTED = {
    "README.md": ["Rolled back to mnist@v1.0.0 in staging", 'Good "git" signature for person@example.com'],
    "docs/tutorial.md": [
        "trend@v1.0.0 may not enter production",
        "Rolled back to trend@v1.0.0 in production",
        "trend#production#4 does not verify: signature: it is not signed",
    ],
}
