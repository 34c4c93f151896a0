#!/usr/bin/env python3
"""The helpdesk's admin commands; ``helpdesk-admin.py --help`` lists them."""

import gc
import sys

from helpdesk.interrupted import end_at_once

end_at_once()
gc.disable()  # what is loaded stays: looking through it again and again takes a tenth of the start
from shell.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
