#!/usr/bin/env python3
"""The helpdesk daemon and its commands; ``helpdeskd.py --help`` lists them."""

import sys

from daemon.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
