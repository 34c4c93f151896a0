"""Workers die, hang and eat memory for single mails; the pool gives up those mails and loses no other."""

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from daemon.parseprocess import read_answer
from daemon.parsers import (
    MAX_CHUNK_BYTES,
    Examined,
    ParsePool,
    PoolClosed,
    WorkerBroken,
    WorkerLimits,
    chunks,
)
from daemon.parseworker import ANSWER_S, write_answer
from helpdesk.core.classify import OwnMarks
from helpdesk.core.mail import Caps, Mail, MailClass, Unreadable
from helpdesk.core.trust import Trust
from helpdesk.core.verdicts import Verdict
from tests.daemon.troublemakers import JUDGED

LIMITS = WorkerLimits(memory_bytes=512 * 1024 * 1024, cpu_s=1.0, wall_s=30.0)
QUICK = WorkerLimits(memory_bytes=512 * 1024 * 1024, cpu_s=30.0, wall_s=1.5)
EVIL = Path("/tmp/helpdesk-evil")


def pool_of(maker: str, workers: int = 2, limits: WorkerLimits = LIMITS) -> ParsePool:
    return ParsePool(
        workers,
        Caps(),
        OwnMarks("id", "desk.example"),
        Trust(),
        (),
        limits,
        maker=f"tests.daemon.troublemakers:{maker}",
    )


@pytest.fixture(scope="module")
def pool() -> Iterator[ParsePool]:
    with pool_of("obedient") as pool:
        yield pool


def a_mail(subject: str, body: bytes = b"Bonjour\r\n") -> bytes:
    return b"From: lea@eleve.example\r\nSubject: " + subject.encode() + b"\r\n\r\n" + body


def told(examined: list[Examined]) -> list[str]:
    """The subject of each mail that was read, the reason for each that was not."""
    return [one.mail.subject if isinstance(one.mail, Mail) else f"! {one.mail.reason}" for one in examined]


def workers_of_this_process() -> list[psutil.Process]:
    return [
        child for child in psutil.Process().children() if "daemon.parseworker" in " ".join(child.cmdline())
    ]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


@pytest.mark.parametrize("count", [0, 1, 2, 12, 13, 60])
def test_results_come_in_the_order_of_the_mails(pool: ParsePool, count: int) -> None:
    subjects = [f"mail {n}" for n in range(count)]

    examined = pool.examine([a_mail(subject) for subject in subjects])

    assert told(examined) == subjects
    assert all(one.judged == JUDGED for one in examined)


def test_whoever_wants_to_know_hears_how_long_the_mails_took(pool: ParsePool) -> None:
    heard: list[tuple[int, float]] = []
    pool.on_parsed = lambda mails, seconds: heard.append((mails, seconds))
    pool.examine([a_mail(str(number)) for number in range(5)])
    assert sum(mails for mails, _seconds in heard) == 5
    assert all(seconds > 0 for _mails, seconds in heard)


def test_a_chunk_that_takes_long_is_heard_of_mail_by_mail(pool: ParsePool) -> None:
    heard: list[None] = []
    pool.on_progress = lambda: heard.append(None)
    subjects = [f"sleep {ANSWER_S * 1.2:g}"] * 4

    examined = pool.examine([a_mail(subject) for subject in subjects])

    assert told(examined) == subjects
    assert len(heard) >= len(subjects)


def test_each_mail_that_is_tried_again_alone_is_heard_of(pool: ParsePool) -> None:
    heard: list[None] = []
    pool.on_progress = lambda: heard.append(None)
    pool.examine([a_mail(subject) for subject in ("kill", "kill")])
    assert len(heard) >= 2


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        pytest.param("spin", "it took more than 1 s of processor time to read", id="spins"),
        pytest.param("eat", "it could not be read: MemoryError", id="eats memory"),
        pytest.param("kill", "its parser was killed, perhaps for want of memory", id="is killed"),
        pytest.param("segfault", "its parser died of SIGSEGV", id="crashes"),
        pytest.param("end", "its parser ended with status 3", id="ends"),
        pytest.param("raise", "it could not be read: KeyError", id="raises"),
        pytest.param("recurse", "it could not be read: RecursionError", id="recurses"),
    ],
)
def test_the_mail_that_hurts_its_worker_is_given_up_and_the_others_are_read(
    pool: ParsePool, order: str, reason: str
) -> None:
    subjects = [*map(str, range(5)), order, *map(str, range(5, 15))]

    examined = pool.examine([a_mail(subject) for subject in subjects])

    assert told(examined) == [f"! {reason}" if subject == order else subject for subject in subjects]
    given_up = examined[5]
    assert isinstance(given_up.mail, Unreadable)
    assert (given_up.mail.size, len(given_up.mail.fingerprint)) == (len(a_mail(order)), 64)
    assert given_up.judged.judgement.verdict == "bomb"


def test_a_mail_that_hangs_is_given_up_and_the_others_are_read() -> None:
    with pool_of("obedient", limits=QUICK) as pool:
        seen = told(pool.examine([a_mail("a"), a_mail("hang"), a_mail("b"), a_mail("c")]))

        assert seen == ["a", "! it took longer than 1.5 s to read", "b", "c"]


def test_a_single_mail_that_hangs_is_waited_for_once() -> None:
    with pool_of("obedient", limits=QUICK) as pool:
        pool.examine([a_mail("warm")] * 2)
        with time_limit(1.9 * QUICK.wall_s):
            assert told(pool.examine([a_mail("hang")])) == ["! it took longer than 1.5 s to read"]


def test_several_bad_mails_in_one_batch_are_found_each(pool: ParsePool) -> None:
    subjects = ["kill", "a", "raise", "b", "end", "c", "kill"]

    seen = told(pool.examine([a_mail(subject) for subject in subjects]))

    assert [text[0] == "!" for text in seen] == [True, False, True, False, True, False, True]


def test_workers_killed_while_they_wait_are_replaced(pool: ParsePool) -> None:
    pool.examine([a_mail("warm")] * 4)
    for worker in workers_of_this_process():
        worker.kill()

    assert told(pool.examine([a_mail("a")] * 20)) == ["a"] * 20


def test_a_worker_killed_from_outside_in_the_middle_of_a_mail_costs_nothing(pool: ParsePool) -> None:
    def kill_all() -> None:
        for worker in workers_of_this_process():
            worker.send_signal(signal.SIGKILL)

    assassin = threading.Timer(0.3, kill_all)
    assassin.start()
    seen = told(pool.examine([a_mail("sleep 0.6"), a_mail("a"), a_mail("sleep 0.7"), a_mail("b")]))
    assassin.join()

    assert seen == ["sleep 0.6", "a", "sleep 0.7", "b"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_workers_leave_the_signals_of_the_daemon_to_the_daemon(
    pool: ParsePool, number: signal.Signals
) -> None:
    pool.examine([a_mail("warm")] * 4)
    before = {worker.pid for worker in workers_of_this_process()}
    for worker in workers_of_this_process():
        worker.send_signal(number)

    assert told(pool.examine([a_mail("a")] * 4)) == ["a"] * 4
    assert {worker.pid for worker in workers_of_this_process()} == before


def test_many_threads_may_share_the_pool(pool: ParsePool) -> None:
    seen: dict[int, list[str]] = {}

    def look(number: int) -> None:
        seen[number] = told(pool.examine([a_mail(f"{number} {n}") for n in range(30)]))

    threads = [threading.Thread(target=look, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {number: [f"{number} {n}" for n in range(30)] for number in range(4)}


def test_a_large_mail_comes_back_byte_for_byte(pool: ParsePool) -> None:
    content = os.urandom(1024) * (16 * 1024)
    head = b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    raw = b"From: lea@eleve.example\r\nSubject: big\r\n" + head + content

    small, big = pool.examine([a_mail("small"), raw])

    assert told([small, big]) == ["small", "big"]
    assert isinstance(big.mail, Mail)
    assert [attachment.content for attachment in big.mail.attachments] == [content]


def test_what_a_library_prints_does_not_disturb_the_answers() -> None:
    with pool_of("prints") as pool:
        assert told(pool.examine([a_mail("x")] * 3, now_epoch=42)) == ["! seen at 42"] * 3


def test_a_worker_that_a_mail_has_taken_over_cannot_run_code_in_the_daemon() -> None:
    EVIL.unlink(missing_ok=True)
    with pool_of("taken_over") as pool:
        seen = told(pool.examine([a_mail("good"), a_mail("evil"), a_mail("good"), a_mail("reaching")]))

    assert not EVIL.exists()
    assert seen[0] == seen[2] == "! fine"
    assert "gave no answer" in seen[1]
    assert "gave no answer" in seen[3]


@pytest.mark.parametrize("written_as", ["value", "getattr"])
def test_answers_can_be_read_however_python_writes_enums(
    monkeypatch: pytest.MonkeyPatch, written_as: str
) -> None:
    if written_as == "getattr":  # as Python 3.11.2 does
        monkeypatch.setattr(Verdict, "__reduce_ex__", lambda self, _protocol: (getattr, (Verdict, self.name)))
    stream = io.BytesIO()
    write_answer([JUDGED, *Verdict, *MailClass], stream)
    stream.seek(0)

    assert read_answer(stream) == [JUDGED, *Verdict, *MailClass]


def test_closing_ends_a_batch_at_once_and_leaves_no_process() -> None:
    others = workers_of_this_process()
    pool = pool_of("obedient", limits=WorkerLimits())
    pool.examine([a_mail("warm")])
    processes = [process for process in workers_of_this_process() if process not in others]
    assert len(processes) == 2
    closing = threading.Timer(0.3, pool.close)
    closing.start()

    with time_limit(2.0), pytest.raises(PoolClosed):
        pool.examine([a_mail("hang")] * 20)
    closing.join()

    assert not any(process.is_running() for process in processes)
    with pytest.raises(PoolClosed):
        pool.examine([a_mail("late")])


def test_a_broken_installation_is_no_mails_fault() -> None:
    with pool_of("useless") as pool, pytest.raises(WorkerBroken, match="ended with status 1"):
        pool.examine([a_mail("x")] * 3)


def test_answers_that_cannot_be_read_at_all_are_no_mails_fault() -> None:
    with (
        pool_of("unreadable") as pool,
        pytest.raises(WorkerBroken, match=r"cannot be read: posix\.system is no"),
    ):
        pool.examine([a_mail("x")] * 3)


def test_a_machine_without_room_for_a_process_is_no_mails_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object, **_named: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with pool_of("obedient", workers=1) as pool:
        assert told(pool.examine([a_mail("end")])) == ["! its parser ended with status 3"]
        monkeypatch.setattr("daemon.parseprocess.subprocess.Popen", refuse)
        with pytest.raises(WorkerBroken, match="Resource temporarily unavailable"):
            pool.examine([a_mail("x")])
        monkeypatch.undo()
        assert told(pool.examine([a_mail("x")])) == ["x"]


@pytest.mark.parametrize("order", ["idle", "write"])
def test_workers_end_when_their_parent_is_gone(tmp_path: Path, order: str) -> None:
    witness = tmp_path / "worker"
    program = (
        "import sys, os, threading; sys.path.insert(0, sys.argv[1])\n"
        "from tests.daemon.test_parsers import QUICK, pool_of, a_mail, workers_of_this_process\n"
        "pool = pool_of('obedient', workers=1, limits=QUICK)\n"
        "pool.examine([a_mail('warm')])\n"
        f"work = {order == 'write'}\n"
        "if work: threading.Thread(target=pool.examine, args=([a_mail('write ' + sys.argv[2])],)).start()\n"
        "else: open(sys.argv[2], 'w').write(str(workers_of_this_process()[0].pid))\n"
        "import time\n"
        "while not os.path.exists(sys.argv[2]) or not open(sys.argv[2]).read(): time.sleep(0.01)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    parent = psutil.Popen([sys.executable, "-c", program, str(Path(__file__).parents[2]), str(witness)])
    parent.wait(timeout=30)
    worker = int(witness.read_text())

    deadline = time.monotonic() + QUICK.wall_s + 5
    while psutil.pid_exists(worker) and psutil.Process(worker).status() != "zombie":
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("sizes", "workers", "lengths"),
    [
        pytest.param([], 2, [], id="nothing"),
        pytest.param([1], 2, [1], id="one"),
        pytest.param([1] * 2, 2, [1, 1], id="one for each"),
        pytest.param([1] * 13, 1, [12, 1], id="no chunk is long"),
        pytest.param([1] * 50, 2, [12, 12, 12, 12, 2], id="a batch"),
        pytest.param([MAX_CHUNK_BYTES, 1, 1, 1], 2, [1, 2, 1], id="a big mail travels alone"),
        pytest.param([MAX_CHUNK_BYTES - 1, 1, 1, 1], 2, [2, 2], id="nearly too big"),
        pytest.param([1, 2 * MAX_CHUNK_BYTES, 1], 1, [1, 1, 1], id="bigger than a chunk may be"),
    ],
)
def test_chunks_spread_the_mails(sizes: list[int], workers: int, lengths: list[int]) -> None:
    raws = [b"x" * size for size in sizes]

    cut = list(chunks(raws, workers))

    assert list(map(len, cut)) == lengths
    assert [raw for chunk in cut for raw in chunk] == raws
