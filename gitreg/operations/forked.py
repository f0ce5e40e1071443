"""Copies of this process that answer questions beside it (docs/adr/0022).  Knows nothing of what is asked."""

from __future__ import annotations

import signal
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")

# A copy starts with all that is loaded and read here, and needs nothing handed over.  It is safe only where no other
# threads run: what they hold locked would stay locked in the copy.
_FORK = get_context("fork")


def ask_forked(shares: Sequence[Sequence[Question]], ask: Callable[[Question], Answer]) -> dict[Question, Answer]:
    """The answers to all questions; this process takes the first share, and a copy of it each of the others.

    What is missing was not answered: a copy failed or was ended.  Whoever asks again here learns why.
    """
    copies = [_Copy(share, ask) for share in shares[1:]]
    try:
        answers = {question: ask(question) for question in shares[0]}
        for copy in copies:
            answers |= copy.answers()
    finally:
        for copy in copies:
            copy.end()
    return answers


class _Copy(Generic[Question, Answer]):
    def __init__(self, share: Sequence[Question], ask: Callable[[Question], Answer]) -> None:
        self._told, telling = _FORK.Pipe(duplex=False)
        self._process = _FORK.Process(target=_answer, args=(share, ask, telling))
        self._process.start()
        telling.close()  # so that the end of the copy is the end of what it tells

    def answers(self) -> dict[Question, Answer]:
        try:
            told: dict[Question, Answer] = self._told.recv()
        except (EOFError, OSError):  # it ended before, or while, it told
            return {}
        return told

    def end(self) -> None:
        self._process.terminate()  # it has answered, or nobody waits for it any more
        self._process.join()
        self._told.close()


def _answer(share: Sequence[Question], ask: Callable[[Question], Answer], telling: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the process in front says that it was interrupted
    with suppress(Exception):  # and it meets the same error again, where it can be shown
        telling.send({question: ask(question) for question in share})
