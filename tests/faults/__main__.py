"""``make faults``: makes all faults and prints what was lost, doubled or sent twice; ends non-zero if any was.

Each module ``fNN_what.py`` here has a list ``FAULTS``.
"""

import argparse
import importlib
import logging
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fault import Fault, Tally

HERE = Path(__file__).parent
COLUMNS = ("faults", "mails", "lost", "doubled", "extra letters", "recovery s", "took s")
NAME_WIDTH = 44
ENGINE_WIDTH = 9


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. ``failures``: why the figures are missed, in words; no ``tally`` where a run raised."""

    fault: Fault
    tally: Tally | None
    failures: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        tally = self.tally
        took = f"{self.seconds:.0f}"
        cells = [*["-"] * (len(COLUMNS) - 1), took]
        if tally is not None:
            recovery = "-" if tally.recover_seconds is None else f"{tally.recover_seconds:.1f}"
            counts = (tally.faults, tally.mails, tally.lost, tally.doubled, tally.extra_letters)
            cells = [*map(str, counts), recovery, took]
        verdict = f"FAILED: {'; '.join(self.failures)}" if self.failures else "ok"
        note = f" ({tally.note})" if tally is not None and tally.note else ""
        return f"{_row(self.fault.name, self.fault.engine, cells)}  {verdict}{note}"


def main(arguments: Sequence[str]) -> int:
    """Make the faults that were asked for; 1 when one of them misses its figures."""
    given = _parser().parse_args(arguments)
    logging.getLogger("helpdesk").addHandler(
        logging.NullHandler()
    )  # what desks in this process tell is no news
    every = _all_faults()
    faults = [
        fault
        for fault in every
        if given.only.casefold() in fault.name.casefold()
        and given.engine.casefold() in fault.engine.casefold()
    ]
    if given.quick and not (given.only or given.engine):
        faults = [fault for fault in faults if fault.in_selection]
        print(f"ten minutes: {len(faults)} of {len(every)} lines, the short version of each")
    if not faults:
        print("no fault of that name and engine", file=sys.stderr)
        return 2
    print(_row("fault", "engine", COLUMNS))
    lines = []
    for fault in faults:
        lines.append(made(fault, given.quick))
        print(lines[-1], flush=True)
    missed = sum(bool(line.failures) for line in lines)
    spent = sum(line.seconds for line in lines)
    print(f"{len(lines)} lines in {spent / 60:.1f} minutes; {missed} missed their figures")
    return 1 if missed else 0


def made(fault: Fault, quick: bool) -> Line:
    """Make one fault in a folder of its own and say what came of it; a run that raises has failed."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="desk-fault-") as folder:
        try:
            tally = fault.run(Path(folder), quick)
        except Exception as error:  # noqa: BLE001 - the other faults are still worth a look
            traceback.print_exc()
            told = (str(error).splitlines() or [""])[0]
            return Line(fault, None, (f"{type(error).__name__}: {told}",), time.monotonic() - begun)
    return Line(fault, tally, tuple(fault.failures(tally)), time.monotonic() - begun)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="the short version of each, and without --only or --engine a selection of ten minutes",
    )
    parser.add_argument("--only", default="", metavar="NAME", help="faults whose names contain this")
    parser.add_argument("--engine", default="", help="SQLite, MariaDB, Galera or a part of it")
    return parser


def _all_faults() -> list[Fault]:
    names = sorted(path.stem for path in HERE.glob("f[0-9]*.py"))
    return [fault for name in names for fault in importlib.import_module(f"{__package__}.{name}").FAULTS]


def _row(name: str, engine: str, cells: Sequence[str]) -> str:
    widths = [max(len(column), 6) for column in COLUMNS]
    counts = "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{name:<{NAME_WIDTH}}  {engine:<{ENGINE_WIDTH}}  {counts}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
