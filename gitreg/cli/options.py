"""Options that several verbs have."""

from __future__ import annotations

from gitreg.cli.verb import option

message_option = option("-m", "--message", default="", metavar="TEXT", help="Why; it is signed with the event.")
push_option = option("--push", is_flag=True, help="Share it at once, objects first.")
