"""The command table: what each verb is for and which module holds it.  Help needs this file only."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A verb, under a heading of the help.  Its module has an attribute `command`."""

    heading: str
    help: str
    module: str


def _entries(heading: str, verbs: dict[str, str]) -> dict[str, Entry]:
    return {verb: Entry(heading, text, f"gitreg.cli.commands.{verb}") for verb, text in verbs.items()}


VERBS = {
    **_entries(
        "Start",
        {
            "demo": "Run the main job on real data, narrated.",
            "init": "Make a Git repository a registry.",
            "doctor": "Check the environment, Git settings, key, remote and hooks.",
            "remote": "Manage where the bytes are shared.",
            "policy": "Say who may do what, and explain it.",
            "keys": "List, add and end the keys that may sign.",
            "identity": "Show or make the identity that opens encrypted remotes.",
            "hooks": "Manage the Git hooks that check pushes.",
            "receipts": "Confirm when tags were seen, as a trusted writer.",
        },
    ),
    **_entries(
        "Bytes",
        {
            "add": "Hash files into the local store and write their pointer.",
            "status": "Show what differs, what is not committed and what is not pushed.",
            "push": "Share objects, then the branch and tags.",
            "fetch": "Get what others shared, and verify it.",
            "pull": "Get a version's files, verified.",
            "path": "Print a verified read-only checkout of a version.",
            "url": "Hand out links to a file of a version, for a while.",
            "cache": "Look at the shared checkouts, and make room.",
            "convert": "Turn a model file that can run code into one that cannot.",
            "gc": "Remove objects that nothing needs any more, here or from a shared store.",
            "retention": "Show how long the bytes of versions stay, by the policy in force.",
        },
    ),
    **_entries(
        "Versions and stages",
        {
            "register": "Sign a new version of a model.",
            "approve": "Sign your approval of one promotion.",
            "reject": "Sign your no to one promotion.",
            "approvals": "List what waits for approvals, and for whose.",
            "promote": "Bring a version into a stage.",
            "rollback": "Return a stage to the version it held before.",
            "unassign": "Empty a stage.",
            "deprecate": "Tell people not to start using a model.",
            "deregister": "Withdraw a version.",
            "gate": "Run the checks of a stage by themselves.",
        },
    ),
    **_entries(
        "Questions",
        {
            "which": "Show the version a stage holds.",
            "show": "Show the registry, a model or a version.",
            "history": "List what happened, newest first.",
            "lineage": "Show what a version was made from, and what was made from it.",
            "verify": "Check every signature and, if asked, every byte.",
            "scan": "Find out whether opening a file could run code.",
            "fsck": "Check every object against its name, and that nothing is missing.",
        },
    ),
}
