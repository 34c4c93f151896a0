#!/usr/bin/env python3
"""The helpdesk daemon and its commands; ``helpdeskd.py --help`` lists them."""

import sys

from helpdesk.interrupted import end_at_once

end_at_once()
from daemon.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
