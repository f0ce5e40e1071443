"""Pushes and pulls the same files with gitreg and its peers through one S3 server, and prints tables in markdown.

    python -m bench.remote.run [--work big|model|small|many]... [--table times|traffic|interrupted]... [--rounds 3]
        [--size MIB] [--delay MS] [--cache warm|cold] [--only NAME]...

The server is Ceph's object gateway on this machine, so it shares the cores with the clients: CPU seconds tell more than
the clock.  Before each step that is timed, files are read into the page cache, or it is emptied (cold; needs root).
Times are taken without a proxy, unless --delay has it add so many milliseconds to each request; it counts requests and
bytes.
Peers are looked for in .benchmarks; see bench/README.md.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from bench.remote.contenders import Contender, Places, Server, contenders
from bench.remote.interrupted import measure_interrupted, print_interrupted
from bench.remote.serving import Service, serving
from bench.remote.times import measure_times, print_times
from bench.remote.traffic import measure_traffic, print_traffic
from bench.remote.works import works
from bench.storage.costs import MIB, stored
from bench.storage.page_cache import PageCache
from bench.storage.run import make_home

_WORKS = ("big", "model", "small", "many")
_TABLES = ("times", "traffic", "interrupted")
_PEERS = Path(".benchmarks").absolute()


def main() -> None:
    options = _parser().parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPATH"] = str(Path.cwd())
    with tempfile.TemporaryDirectory(prefix="bench-") as place, serving(options.delay) as service:
        root = Path(place)
        make_home(root / "home")
        os.environ |= service.direct.environment
        for name in options.work or _WORKS:
            _bench(name, root, service, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", action="append", choices=works(0))
    parser.add_argument("--table", action="append", choices=_TABLES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=1024, help="MiB of the big file")
    parser.add_argument("--delay", type=int, default=0, help="milliseconds added to each request")
    parser.add_argument("--cache", choices=[state.value for state in PageCache], default="warm")
    parser.add_argument("--dvc", type=Path, default=_PEERS / "dvc/bin/dvc", help="the program, with dvc[s3]")
    parser.add_argument("--lfs-agent", type=Path, default=_PEERS / "lfs/bin/git-lfs-s3")
    parser.add_argument("--clients", type=Path, default=_PEERS / "clients/bin")
    parser.add_argument("--only", action="append", help="part of a contender's name")
    return parser


def _bench(name: str, root: Path, service: Service, options: argparse.Namespace) -> None:
    source, work = root / name, works(options.size)[name]
    work.write(source)
    size = stored(source)

    def tools(server: Server) -> list[Contender]:
        every = contenders(server, Places(options.clients, options.dvc, options.lfs_agent))
        return [tool for tool in every if not options.only or any(part in tool.name for part in options.only)]

    for table in options.table or _TABLES:
        rounds = 1 if table == "traffic" else options.rounds
        print(f"\n{name}, {table}: {size / MIB:.0f} MiB, rounds: {rounds}, {options.delay} ms added", flush=True)
        match table:
            case "times":
                server = service.proxied if options.delay else service.direct
                costs = measure_times(tools(server), source, server, rounds, PageCache(options.cache))
                print_times(tools(server), costs, size)
            case "traffic":
                print_traffic(tools(service.proxied), measure_traffic(tools(service.proxied), source, service), work)
            case _:
                found = measure_interrupted(tools(service.proxied), source, service, rounds)
                print_interrupted(tools(service.proxied), found)


if __name__ == "__main__":
    main()
