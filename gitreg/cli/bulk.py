"""`gitreg remote mirror` and `gitreg remote reencrypt`: work on everything that a shared store has."""

from __future__ import annotations

import click

from gitreg.cli.figures import counted, size
from gitreg.cli.lines import Line, bad, dim, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.verb import Verb, option, pass_output
from gitreg.operations.mirror import MirrorResult
from gitreg.operations.mirror import mirror as mirror_remote
from gitreg.operations.reencrypt import ReencryptResult
from gitreg.operations.reencrypt import reencrypt as reencrypt_remote

_CLUSTER = option("--cluster", metavar="ADDRESS", help="Have a Dask cluster do it, such as tls://host:8786.")


@click.command("mirror", cls=Verb)
@click.argument("source")
@click.argument("target")
@_CLUSTER
@pass_output
def mirror(output: Output, source: str, target: str, cluster: str | None) -> int:
    """Copy what remote SOURCE has and TARGET lacks, each object verified on the way.

    Exit 1 if some of SOURCE is faulty; the rest is copied.
    """
    result = mirror_remote(open_here(output), source, target, cluster)
    output.done(result, lambda: _lines("Copied ", result, f" from {result.source} to {result.target}"))
    return 0 if result.ok else 1


@click.command("reencrypt", cls=Verb)
@click.argument("name")
@_CLUSTER
@pass_output
def reencrypt(output: Output, name: str, cluster: str | None) -> int:
    """Encrypt what an encrypted remote has with its newest key.

    Exit 1 if some of it is faulty; the rest is encrypted anew.
    """
    result = reencrypt_remote(open_here(output), name, cluster)
    output.done(result, lambda: _lines("Encrypted ", result, f" anew in {result.store}"))
    return 0 if result.ok else 1


def _lines(did: str, result: MirrorResult | ReencryptResult, where: str) -> list[Line]:
    what = f"{counted(result.written, 'object')} ({size(result.bytes)}) of {result.objects:,}"
    faults = [line(bad(each.kind.value), f"  {each.digest}", dim(f"  {each.detail}")) for each in result.faults]
    return [line(did, strong(what), where), *faults]
