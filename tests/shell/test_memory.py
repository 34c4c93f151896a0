"""What was typed cannot be read by other processes of the same user."""

import subprocess
import sys

from tests.sources import ROOT

PROBE = """
import ctypes, resource, runpy, sys
sys.argv = ["helpdesk-admin.py", "ticket"]
try:
    runpy.run_path("helpdesk-admin.py", run_name="__main__")
except SystemExit:
    pass
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))
"""


def test_the_shell_closes_its_memory_before_anything_is_typed() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout == "0 (0, 0)\n"
