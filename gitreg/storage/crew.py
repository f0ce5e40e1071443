"""Threads for work that mostly waits: side by side, within a limit of bytes, and left at once on Ctrl-C."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from gitreg.core.limits import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

# A signal that comes just before a wait begins does not end it, so that Ctrl-C would be told only after it.
_GLANCE_SECONDS: Final = 0.2
# Of chunks on their way, which are lost when the process is: more would fill no usual network any better.
BYTES_AT_ONCE: Final = 32 * MIB

_Any = TypeVar("_Any")
_Result = TypeVar("_Result")


class ByteLimit:
    """So many bytes at a time."""

    def __init__(self, total: int = BYTES_AT_ONCE) -> None:
        self._total = self._free = total
        self._freed = threading.Condition()

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Wait until there is room for them, and keep it; more than there can be wait until they are alone."""
        size = min(size, self._total)
        with self._freed:
            self._freed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._freed:
                self._free += size
                self._freed.notify_all()


@contextmanager
def crew(size: int) -> Iterator[ThreadPoolExecutor]:
    """Threads whose work is waited for, except by somebody who pressed Ctrl-C: a service may take minutes to answer."""
    pool = ThreadPoolExecutor(size)
    try:
        yield pool
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()


def for_each(items: Iterable[_Any], work: Callable[[_Any], None], size: int) -> None:
    """Work on the items, so many side by side; after a failure, which is raised, no other is begun."""
    queue = iter(items)
    lock = threading.Lock()
    stop = threading.Event()

    def take() -> Iterator[_Any]:
        while not stop.is_set():
            with lock:
                following = list(islice(queue, 1))
            if not following:
                return
            yield following[0]

    def run() -> None:
        for item in take():
            work(item)

    with crew(size) as pool:
        try:
            workers = [pool.submit(run) for _ in range(size)]
            while (state := wait(workers, _GLANCE_SECONDS, FIRST_EXCEPTION)).not_done and not any(
                worker.exception() for worker in state.done
            ):
                pass
        finally:
            stop.set()
    for worker in workers:
        worker.result()


def result_of(future: Future[_Result]) -> _Result:
    """What it gives or raises, however long that takes; for the thread to which Ctrl-C is told."""
    while not wait([future], _GLANCE_SECONDS).done:
        pass
    return future.result()


def in_order(items: Iterable[_Any], work: Callable[[_Any], _Result], size: int) -> Iterator[_Result]:
    """The results in the items' order, so many side by side; no more than those are held."""
    ahead: deque[Future[_Result]] = deque()
    with crew(size) as pool:
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > size:
                yield result_of(ahead.popleft())
        while ahead:
            yield result_of(ahead.popleft())
