"""Ctrl-C ends a wait, whenever it comes."""

import ctypes
import operator
import select
import signal
import time
from functools import partial
from typing import Any

import pytest

from shell.pause import pause

SECONDS = 300.0  # never waited for, unless what is tested is broken


def raised_unseen(wait: partial[Any]) -> object:
    """Send the interrupt and wait, with nothing between at which Python looks for signals."""
    interrupt = partial(ctypes.CDLL(None).__getattr__("raise"), int(signal.SIGINT))
    return list(map(operator.call, [interrupt, wait]))[1]


def test_the_interrupt_of_these_tests_is_slept_over_by_a_sleep() -> None:
    ended: list[None] = []
    with pytest.raises(KeyboardInterrupt):
        raised_unseen(partial(map(ended.append, map(time.sleep, [0.01])).__next__))
    assert ended == [None]


def test_an_interrupt_just_before_is_not_slept_over(monkeypatch: pytest.MonkeyPatch) -> None:
    ready: list[object] = []
    real = select.select

    def late(*given: object) -> object:
        wait = map(ready.append, map(real, *([one] for one in given)))
        return raised_unseen(partial(wait.__next__))

    monkeypatch.setattr("shell.pause.select.select", late)
    with pytest.raises(KeyboardInterrupt):
        pause(SECONDS)
    assert ready != [([], [], [])]


def test_an_interrupt_while_it_begins_leaves_no_file_behind_to_write_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = signal.set_wakeup_fd

    def interrupted(fd: int) -> int:
        before = real(fd)
        if fd != -1:
            raise KeyboardInterrupt
        return before

    monkeypatch.setattr("shell.pause.signal.set_wakeup_fd", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pause(SECONDS)
    assert real(-1) == -1


def test_it_ends_by_itself_and_leaves_signals_as_they_were() -> None:
    pause(0.01)
    assert signal.set_wakeup_fd(-1) == -1
