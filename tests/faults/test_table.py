"""The table of faults says ok only where every figure is met, and the command fails with it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import __main__ as table
from tests.faults.fault import Fault, Tally

CLEAN = Tally(3, 100, 0, 0, 0, 1.26, note="3 kills")


def _fault(tally: Tally, *, extra: bool = False, limit: float | None = None) -> Fault:
    return Fault("F0 nothing", "SQLite", lambda _folder, _quick: tally, extra, limit)


def _raises(_folder: Path, _quick: bool) -> Tally:
    raise TimeoutError("not quiet\nmuch more")


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        pytest.param(_fault(CLEAN), "ok (3 kills)", id="clean"),
        pytest.param(_fault(Tally(1, 1, 1, 0, 0)), "FAILED: 1 lost", id="lost"),
        pytest.param(
            _fault(Tally(0, 1, 0, 0, 0)), "FAILED: no fault happened, so nothing was shown", id="no fault"
        ),
        pytest.param(_fault(Tally(1, 1, 0, 1, 0)), "FAILED: 1 doubled", id="doubled"),
        pytest.param(_fault(Tally(1, 1, 0, 0, 2)), "FAILED: 2 letters came twice", id="letters twice"),
        pytest.param(_fault(Tally(1, 1, 0, 0, 2), extra=True), "ok", id="letters twice where they may"),
        pytest.param(_fault(Tally(1, 1, 0, 0, 0, 15.0), limit=15.0), "ok", id="back at the limit"),
        pytest.param(
            _fault(Tally(1, 1, 0, 0, 0, 15.1), limit=15.0),
            "FAILED: back in service after 15.1 s; the limit is 15 s",
            id="back too late",
        ),
        pytest.param(_fault(Tally(1, 1, 0, 0, 0, None, ("odd",))), "FAILED: odd", id="a problem"),
        pytest.param(
            Fault("F0", "SQLite", _raises), "FAILED: TimeoutError: not quiet", id="a run that raises"
        ),
    ],
)
def test_a_line_says_whether_the_figures_are_met(fault: Fault, verdict: str) -> None:
    line = table.made(fault, quick=True)
    assert str(line).endswith(f"  {verdict}")
    assert bool(line.failures) == verdict.startswith("FAILED")


@pytest.mark.parametrize(
    ("arguments", "status", "lines"),
    [
        ([], 1, ["good", "bad"]),
        (["--only", "GOOD"], 0, ["good"]),
        (["--engine", "mariadb"], 1, ["bad"]),
        (["--only", "none such"], 2, []),
    ],
)
def test_the_command_fails_when_a_figure_is_missed(
    arguments: list[str],
    status: int,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faults = [replace(_fault(CLEAN), name="good"), Fault("bad", "MariaDB", _raises)]
    monkeypatch.setattr(table, "_all_faults", lambda: faults)
    assert table.main(arguments) == status
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1:-1]] == lines


def test_the_short_version_is_run_when_asked_for_each_in_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs: list[tuple[Path, bool]] = []

    def run(folder: Path, quick: bool) -> Tally:
        (folder / "file").touch(exist_ok=False)
        runs.append((folder, quick))
        return CLEAN

    monkeypatch.setattr(table, "_all_faults", lambda: [Fault("F0", "SQLite", run)] * 2)
    assert table.main(["--quick"]) == 0
    assert table.main([]) == 0
    assert [quick for _folder, quick in runs] == [True, True, False, False]
    assert not any(folder.exists() for folder, _quick in runs)


def test_the_ten_minutes_have_what_was_selected_and_more_only_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = [replace(_fault(CLEAN), name="short"), replace(_fault(CLEAN), name="long", in_selection=False)]
    monkeypatch.setattr(table, "_all_faults", lambda: faults)

    def names(*arguments: str) -> list[str]:
        assert table.main(arguments) == 0
        lines = capsys.readouterr().out.splitlines()
        return [line.split()[0] for line in lines if " ok" in line]

    assert names("--quick") == ["short"]
    assert names("--quick", "--only", "long") == ["long"]
    assert names("--quick", "--engine", "sqlite") == ["short", "long"]
    assert names() == ["short", "long"]


def test_the_ten_minutes_have_something_of_every_fault() -> None:
    faults = table._all_faults()
    selected = {fault.name.split()[0] for fault in faults if fault.in_selection}
    assert {fault.name.split()[0] for fault in faults} == selected


def test_every_module_of_faults_is_in_the_table() -> None:
    names = [fault.name for fault in table._all_faults()]
    assert len(names) >= len(list(table.HERE.glob("f[0-9]*.py")))
    assert len({(fault.name, fault.engine) for fault in table._all_faults()}) == len(names)
