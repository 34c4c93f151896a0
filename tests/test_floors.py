"""The floors of the house: imports only go down, core stays pure, and files and functions stay readable."""

import ast
from collections.abc import Iterator

import pytest

from tests.sources import Source, imports, is_below, source, sources

BASE = ("helpdesk.core", "helpdesk.killpoints", "helpdesk.errors")
SERVICES = (
    "helpdesk.countries",
    "helpdesk.opening",
    "helpdesk.templatefiles",
    "helpdesk.actions",
    "helpdesk.store",
    *BASE,
    "helpdesk.config",
    "helpdesk.logs",
    "helpdesk.commandline",
)

# Each floor, and what of ours it may import. The longest name that fits a module is its floor.
FLOORS: dict[str, tuple[str, ...]] = {
    "helpdeskd": ("daemon", "helpdesk.interrupted"),
    "helpdesk-admin": ("shell", "helpdesk.interrupted"),
    "daemon": ("daemon", *SERVICES),
    "shell": ("shell", *SERVICES),
    "sql": ("helpdesk.store", *BASE),
    "helpdesk": (),
    "helpdesk.opening": (
        "helpdesk.templatefiles",
        "helpdesk.actions",
        "helpdesk.store",
        "helpdesk.config",
        *BASE,
    ),
    "helpdesk.templatefiles": BASE,
    "helpdesk.countries": BASE,
    "helpdesk.config": ("helpdesk.config", *BASE),
    "helpdesk.commandline": ("helpdesk.interrupted", *BASE),
    "helpdesk.interrupted": (),
    "helpdesk.logs": ("helpdesk.logs", *BASE),
    "helpdesk.actions": ("helpdesk.actions", "helpdesk.store", *BASE),
    "helpdesk.store": ("helpdesk.store", *BASE),
    "helpdesk.core": ("helpdesk.core", "helpdesk.errors"),
    "helpdesk.killpoints": ("helpdesk.errors",),
    "helpdesk.errors": (),
}
OURS = ("helpdesk", "daemon", "shell", "sql", "tests", "bench", "helpdeskd", "helpdesk-admin")

# Libraries that one place alone knows, so that they can be replaced there.
OWNERS: dict[str, tuple[str, ...]] = {
    "sqlalchemy": ("helpdesk.store", "sql"),
    "alembic": ("helpdesk.store", "sql"),
    "pymysql": ("helpdesk.store",),
    "psycopg": ("helpdesk.store",),
    "imapclient": ("daemon",),
    "imaplib": ("daemon",),
    "aiosmtplib": ("daemon",),
    "smtplib": ("daemon",),
    "dns": ("daemon",),
    "socket": ("daemon", "helpdesk.store.mariadb"),
    "asyncio": ("daemon",),
    "schedule": ("daemon",),
    "cmd2": ("shell",),
    "bcrypt": ("helpdesk.actions.passwords",),
    "pyotp": ("helpdesk.actions.passwords",),
}

# All that core may import from outside. Nothing here reads a file, a clock, a socket or a source of randomness,
# but for the names that follow them.
PURE_NAMES = """
    __future__ abc base64 binascii bisect cmath codecs collections contextlib copy csv dataclasses datetime decimal
    difflib email encodings enum fractions functools hashlib heapq hmac html ipaddress itertools json math
    operator quopri re string struct textwrap types typing unicodedata urllib.parse zlib
    cryptography.exceptions cryptography.hazmat.primitives dkim idna inscriptis jinja2
"""
NOT_PURE_NAMES = """
    email.utils.formatdate email.utils.localtime email.utils.make_msgid email.mime email.generator
    codecs.open hashlib.file_digest
    cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key
    cryptography.hazmat.primitives.asymmetric.ec.generate_private_key
    dkim.dnsplug jinja2.FileSystemLoader jinja2.PackageLoader jinja2.loaders
"""
PURE, NOT_PURE = frozenset(PURE_NAMES.split()), frozenset(NOT_PURE_NAMES.split())
IMPURE_BUILTINS = frozenset(("open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"))
CLOCK_METHODS = frozenset(("now", "utcnow", "today", "generate"))

# A file that does not fit on a few screens, or a function on one, is split. Tests and migrations may be lists.
MAX_FILE_LINES = 320
MAX_FUNCTION_LINES = 50
MEASURED = ("helpdesk", "daemon", "shell", "bench", "helpdeskd.py", "helpdesk-admin.py")
HOUSE = ("helpdesk", "daemon", "shell", "sql", "helpdeskd.py", "helpdesk-admin.py")


def floor_of(module: str) -> str | None:
    """Return the floor a module is on, or None if it stands outside the house."""
    parts = module.split(".")
    prefixes = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((prefix for prefix in prefixes if prefix in FLOORS), None)


def wrong_imports(of: Source) -> Iterator[str]:
    """Yield each import that goes up or sideways, or that takes a library from its owner."""
    floor = floor_of(of.module)
    if floor is None or (floor == "helpdesk" and of.module != "helpdesk"):
        yield f"{of.path}: on no floor; give it a place in FLOORS"
        return
    for found in imports(of):
        if is_below(found.name, OURS) and not is_below(found.name, FLOORS[floor]):
            allowed = ", ".join(FLOORS[floor]) or "nothing of ours"
            yield f"{of.path}:{found.line}: {floor} imports {found.name}; it may import {allowed}"
        for library, owners in OWNERS.items():
            if is_below(found.name, (library,)) and not is_below(of.module, owners):
                yield f"{of.path}:{found.line}: {library} is for {', '.join(owners)} alone"


def impurities(of: Source) -> Iterator[str]:
    """Yield what would let a module of core read or write the world outside."""
    for found in imports(of):
        if is_below(found.name, OURS):
            continue
        if not is_below(found.name, PURE) or is_below(found.name, NOT_PURE):
            yield f"{of.path}:{found.line}: imports {found.name}; core imports what is in PURE alone"
    for node in ast.walk(of.tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in IMPURE_BUILTINS:
            yield f"{of.path}:{node.lineno}: calls {node.func.id}(); core does no I/O"
        if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_METHODS:
            yield f"{of.path}:{node.lineno}: calls .{node.func.attr}(); time and chance are given to core as data"
        if isinstance(node.func, ast.Attribute) and is_below(ast.unparse(node.func), NOT_PURE):
            yield f"{of.path}:{node.lineno}: calls {ast.unparse(node.func)}()"


def overlong(of: Source) -> Iterator[str]:
    """Yield the file and each function that is too long to be read at once."""
    lines = len(of.text.splitlines())
    if lines > MAX_FILE_LINES:
        yield f"{of.path}: {lines} lines; {MAX_FILE_LINES} at most"
    for node in ast.walk(of.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield f"{of.path}:{node.lineno}: {node.name} has {length} lines; {MAX_FUNCTION_LINES} at most"


def test_imports_only_go_down() -> None:
    assert [problem for one in sources(*HOUSE) for problem in wrong_imports(one)] == []


def test_core_does_no_io_and_knows_neither_time_nor_chance() -> None:
    assert [problem for one in sources("helpdesk/core") for problem in impurities(one)] == []


def test_files_and_functions_stay_readable() -> None:
    assert [problem for one in sources(*MEASURED) for problem in overlong(one)] == []


def test_every_top_folder_is_read() -> None:
    read = {one.path.parts[0] for one in sources(*HOUSE)}
    assert read >= {"helpdesk", "daemon", "shell", "helpdeskd.py", "helpdesk-admin.py"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("daemon/loop.py", "import shell.main", id="daemon and shell"),
        pytest.param("shell/main.py", "from daemon import imap", id="shell and daemon"),
        pytest.param("helpdesk/actions/x.py", "from daemon.smtp import send", id="actions and daemon"),
        pytest.param("helpdesk/actions/x.py", "import helpdesk.config", id="actions and settings"),
        pytest.param("helpdesk/actions/x.py", "from helpdesk import logs", id="actions and logs"),
        pytest.param("helpdesk/store/x.py", "from ..actions import intake", id="store and actions, relative"),
        pytest.param(
            "helpdesk/store/__init__.py", "from ..actions import intake", id="the same in a package"
        ),
        pytest.param("helpdesk/core/x.py", "from helpdesk.store.tables import mails", id="core and store"),
        pytest.param(
            "helpdesk/core/x.py", "def f():\n    import helpdesk.store", id="core and store, inside"
        ),
        pytest.param("helpdesk/core/x.py", "import helpdesk", id="core and the whole package"),
        pytest.param("helpdesk/errors.py", "from helpdesk.core import mail", id="errors and core"),
        pytest.param("helpdesk/config/x.py", "from helpdesk.store import engine", id="settings and store"),
        pytest.param("helpdesk/logs.py", "from helpdesk.config import settings", id="logs and settings"),
        pytest.param("helpdesk/mailbox.py", "", id="a file on no floor"),
        pytest.param("helpdeskd.py", "from helpdesk.core import mail", id="entry point and core"),
        pytest.param("daemon/x.py", "from tests.sources import sources", id="daemon and tests"),
        pytest.param("daemon/x.py", "import sqlalchemy.orm", id="daemon and SQL"),
        pytest.param("helpdesk/actions/x.py", "from sqlalchemy import select", id="actions and SQL"),
        pytest.param("helpdesk/actions/x.py", "import socket", id="actions and network"),
        pytest.param("shell/x.py", "import imapclient", id="shell and mailbox"),
        pytest.param("daemon/x.py", "import cmd2", id="daemon and keyboard"),
        pytest.param(
            "shell/x.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from daemon import imap",
            id="for types only",
        ),
    ],
)
def test_an_import_that_goes_up_is_found(path: str, text: str) -> None:
    assert len(list(wrong_imports(source(path, text)))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("daemon/loop.py", "from helpdesk.actions import intake", id="daemon and actions"),
        pytest.param("daemon/loop.py", "from helpdesk import config, logs", id="daemon, settings and logs"),
        pytest.param("daemon/loop.py", "from . import imap", id="daemon and itself"),
        pytest.param("shell/x.py", "from helpdesk.core.people import Role", id="shell and core"),
        pytest.param("helpdesk/actions/x.py", "from helpdesk.store import engine", id="actions and store"),
        pytest.param("helpdesk/store/x.py", "from sqlalchemy import select", id="store and SQL"),
        pytest.param("helpdesk/core/x.py", "from helpdesk.errors import Refused", id="core and errors"),
        pytest.param("sql/versions/0001_x.py", "import sqlalchemy, helpdesk.store.tables", id="migration"),
        pytest.param("helpdeskd.py", "import daemon.main", id="entry point"),
        pytest.param("shell/x.py", "import helpdesker", id="a name that only begins like ours"),
    ],
)
def test_an_import_that_goes_down_is_let_be(path: str, text: str) -> None:
    assert list(wrong_imports(source(path, text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "import pathlib",
        "from pathlib import Path",
        "import time",
        "import random",
        "import secrets",
        "import logging",
        "import sqlite3",
        "import uuid",
        "import mimetypes",
        "import threading",
        "import urllib.request",
        "from urllib import request",
        "import dns.resolver",
        "from email.utils import make_msgid",
        "import email.utils\nemail.utils.make_msgid()",
        "from email.utils import formatdate",
        "from dkim import dnsplug",
        "from jinja2 import FileSystemLoader",
        "open('x')",
        "print('x')",
        "from datetime import datetime, UTC\ndatetime.now(UTC)",
        "import datetime\ndatetime.datetime.utcnow()",
        "from datetime import date\nx = date.today()",
    ],
)
def test_an_impure_core_is_found(text: str) -> None:
    assert len(list(impurities(source("helpdesk/core/x.py", text)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import UTC, datetime\nx = datetime(2026, 1, 1, tzinfo=UTC)",
        "import email.utils\nemail.utils.parseaddr('x')",
        "from email.header import decode_header",
        "import hashlib\nhashlib.sha256(b'x').hexdigest()",
        "from collections.abc import Iterator",
        "from urllib.parse import quote",
        "from helpdesk.errors import Refused",
        "import dkim, idna, jinja2, inscriptis",
        "def f(now: int) -> int:\n    return now",
    ],
)
def test_a_pure_core_is_let_be(text: str) -> None:
    assert list(impurities(source("helpdesk/core/x.py", text))) == []


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        pytest.param("x = 1\n" * MAX_FILE_LINES, 0, id="file at the limit"),
        pytest.param("x = 1\n" * (MAX_FILE_LINES + 1), 1, id="file one line over"),
        pytest.param("def f():\n" + "    x = 1\n" * (MAX_FUNCTION_LINES - 1), 0, id="function at the limit"),
        pytest.param("def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES, 1, id="function one line over"),
        pytest.param(
            "class A:\n    async def f(self):\n" + "        x = 1\n" * MAX_FUNCTION_LINES, 1, id="method"
        ),
    ],
)
def test_overlong_text_is_found(text: str, problems: int) -> None:
    assert len(list(overlong(source("daemon/x.py", text)))) == problems
