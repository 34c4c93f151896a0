"""The QR code of ``totp on``, read from the screen as the camera of a telephone reads it."""

import re

import pyotp
import pytest
import zxingcpp

from helpdesk.core.people import Language, Role
from helpdesk.store.tables import people
from tests.shell.desks import PASSWORD, ShellDesk, said

ROWS = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}  # a sign is two modules, 1 where it is drawn
PIXELS = 4  # of a module
WRONG = f"{PASSWORD}\n1\n2\n3\n"


def read(lines: list[str], *, drawn: int, around: int, also_inverted: bool) -> list[str]:
    """Return what a reader finds in signs of one grey on another, between other lines of the terminal."""
    inside = [
        [bit for sign in line for bit in [ROWS[sign][half]] * PIXELS]
        for line in lines
        for half in (0, 1)
        for _ in range(PIXELS)
    ]
    margin = [0] * (8 * PIXELS)
    empty = [[0] * (len(inside[0]) + 2 * len(margin))] * len(margin)
    rows = [*empty, *([*margin, *row, *margin] for row in inside), *empty]
    pixels = bytes(drawn if bit else around for row in rows for bit in row)
    image = memoryview(pixels).cast("B", (len(rows), len(rows[0])))
    found = zxingcpp.read_barcodes(image, try_rotate=False, try_invert=also_inverted)
    return [one.text for one in found if one.format == zxingcpp.BarcodeFormat.QRCode]


@pytest.mark.parametrize("name", ["Boss", "Hélène-Élisabeth de la Motte-Picquet", "x" * 100])
@pytest.mark.parametrize(
    ("drawn", "around", "also_inverted"),
    [
        pytest.param(255, 0, False, id="light signs on a dark screen: any reader"),
        pytest.param(0, 255, True, id="dark signs on a light screen: a reader that tries the reverse"),
    ],
)
def test_a_telephone_reads_the_secret_from_the_screen(
    shell_desk: ShellDesk, name: str, drawn: int, around: int, also_inverted: bool
) -> None:
    boss = shell_desk.person("Boss", Role.ADMIN, password=PASSWORD)
    keyboard = shell_desk.keyboard(boss)
    with shell_desk.database.engine.begin() as connection:
        connection.execute(people.update().values(name=name))
    told = said(keyboard, "totp on", WRONG).out
    code, _, words = told.partition("Scan this")
    secret = re.search(r"or type (\w+) into it", words)
    assert secret
    (text,) = read(code.splitlines(), drawn=drawn, around=around, also_inverted=also_inverted)
    scanned = pyotp.parse_uri(text)
    assert (scanned.secret, scanned.issuer, scanned.name) == (secret[1], "Support", name)
    assert max(map(len, code.splitlines())) <= 80


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (Language.EN, r"Type [A-Z2-7]{32} into an authenticator app\.\n"),
        (Language.FR, r"Saisissez [A-Z2-7]{32} dans une application d'authentification\.\n"),
    ],
)
def test_a_screen_reader_gets_the_secret_and_no_picture(
    shell_desk: ShellDesk, language: Language, wanted: str
) -> None:
    boss = shell_desk.person("Boss", Role.ADMIN, language=language, password=PASSWORD)
    told = said(shell_desk.keyboard(boss, plain=True), "totp on", WRONG)
    assert re.fullmatch(wanted, told.out)
    assert told.status == 1
