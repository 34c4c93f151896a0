"""The demo tells its whole story on real servers, as the README promises."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_step_of_the_story_happens(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "helpdeskd.py"), "demo", "--once"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "every step happened" in told.stdout
    for seen in ("Demande bien reçue", "fate=held", "Quelqu’un a écrit en votre nom"):
        assert seen in told.stdout
