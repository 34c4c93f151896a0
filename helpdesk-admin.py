#!/usr/bin/env python3
"""The helpdesk's admin commands; ``helpdesk-admin.py --help`` lists them."""

import sys

from shell.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
