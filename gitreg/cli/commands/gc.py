"""`gitreg gc`."""

from __future__ import annotations

from datetime import timedelta

from gitreg.cli.garbage_view import local_lines, shared_lines
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.params import Parsed
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.errors import UsageError
from gitreg.operations.cache import parse_age
from gitreg.operations.garbage.gc import DEFAULT_GRACE, SHORT_GRACE, GcRequest, gc
from gitreg.operations.garbage.shared import SHORT_SHARED_GRACE, SharedGcRequest, gc_shared

AGE = Parsed[timedelta]("age", parse_age)


@verb("gc")
@option("--grace", type=AGE, metavar="AGE", help="Leave alone what was used within AGE. Default: 14 days.")
@option("--pushed", is_flag=True, help="Also drop what the remote has, manifest and chunks.")
@option(
    "--remote", is_flag=False, flag_value="", metavar="[NAME]", help="Clear a shared store instead of this clone's."
)
@option("--also", multiple=True, metavar="REPO", help="Another registry that shares the store: path or URL.")
@option("--archive", metavar="REMOTE", help="Where what the policy archives goes: a remote's name, or a URL.")
@option("--explain", is_flag=True, help="Say for everything that stays why.")
@option("--force", is_flag=True, help="Delete; without it, only what would go is said.")
@pass_output
def command(
    output: Output,
    grace: timedelta | None,
    pushed: bool,
    remote: str | None,
    also: tuple[str, ...],
    archive: str | None,
    explain: bool,
    force: bool,
) -> int:
    """Remove objects that nothing needs any more, here or from a shared store.

    Needed is what a ref, reflog, index or working tree names, now or ever; of a shared store, also what any ref of the
    Git remote names.  Exit 1 if that cannot be told.
    """
    chosen = DEFAULT_GRACE if grace is None else grace
    if remote is None:
        if also or archive:
            raise UsageError("--also and --archive are about a shared store", hint="gitreg gc --remote")
        return _local(output, GcRequest(chosen, pushed, force), explain=explain)
    if pushed:
        raise UsageError("--pushed is about this clone's own store", hint="leave out --remote")
    return _shared(output, SharedGcRequest(remote or None, chosen, also, archive, force), explain=explain)


def _local(output: Output, request: GcRequest, *, explain: bool) -> int:
    if request.grace < SHORT_GRACE:
        output.note("with so short a grace, nothing else may be adding or fetching in this clone meanwhile")
    result = gc(open_here(output), request)
    output.data(result, lambda: local_lines(result, explain=explain))
    if result.delete.objects and not result.deleted:
        output.advice("to delete them, say the same with --force")
    return 1 if result.blocked else 0


def _shared(output: Output, request: SharedGcRequest, *, explain: bool) -> int:
    if request.grace < SHORT_SHARED_GRACE:
        output.note("with so short a grace, nobody may be pushing meanwhile, and nobody may have unpushed work")
    result = gc_shared(open_here(output), request)
    output.data(result, lambda: shared_lines(result, explain=explain))
    if (result.delete.objects or result.freed.objects) and not result.deleted:
        output.advice("to delete them, say the same with --force")
    return 1 if result.blocked else 0
