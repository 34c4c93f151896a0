"""The dialogue of a login: address and password, a second factor or a mailed code, a new password where wanted."""

from collections.abc import Callable

from helpdesk.actions.login import (
    Proven,
    WrongCode,
    begin_session,
    choose_first_password,
    prove_mailed_code,
    prove_password,
    prove_second_factor,
    send_code,
)
from helpdesk.core.sessions import SessionKind
from helpdesk.errors import Refused
from shell.keyboard import Keyboard
from shell.perform import told

TRIES = 3
NEW_PLACE = (
    "You have never logged in from here: a code was sent to your address.",
    "Vous ne vous êtes jamais connecté d'ici : un code a été envoyé à votre adresse.",
)
SUSPECTED = (
    "Something about this login is unusual: a code was sent to your address.",
    "Cette connexion a quelque chose d'inhabituel : un code a été envoyé à votre adresse.",
)


def log_in(
    keyboard: Keyboard, kind: SessionKind, address: str = "", meanwhile: Callable[[], None] = lambda: None
) -> str:
    """Return the token of a new session. Raises Refused after three tries, EOFError where nobody answers.

    *meanwhile*: begins what may go on while a password is looked at, which takes a quarter of a second.
    """
    words = keyboard.words
    for left in range(TRIES - 1, -1, -1):
        name = address or keyboard.ask.line(words("Mail address", "Adresse mail"))
        password = keyboard.ask.secret(words("Password", "Mot de passe"))
        meanwhile()
        try:
            proven = prove_password(keyboard.door, name, password, keyboard.place)
            _prove_more(keyboard, proven)
            keyboard.speak(proven.person.language)
            if proven.must_change:
                _change_first(keyboard, proven)
            return begin_session(keyboard.door, proven, kind)
        except Refused as refusal:
            if not left:
                raise
            told(keyboard, refusal)
    raise AssertionError("the last try returns or raises")


def _prove_more(keyboard: Keyboard, proven: Proven) -> None:
    words, door = keyboard.words, keyboard.door
    if proven.wants_totp:
        prompt = words(
            "Code from your telephone, or a recovery code", "Code du téléphone, ou code de secours"
        )
        _ask_code(keyboard, prompt, lambda code: prove_second_factor(door, proven, code))
    elif proven.wants_mailed_code:
        send_code(door, proven)
        keyboard.screen.say(words(*(SUSPECTED if proven.before.here else NEW_PLACE)))
        _ask_code(keyboard, words("Code", "Code"), lambda code: prove_mailed_code(door, proven, code))


def _ask_code(keyboard: Keyboard, prompt: str, prove: Callable[[str], None]) -> None:
    """Ask for a code until it is right, three times at most; a lock ends it at once."""
    for left in range(TRIES - 1, -1, -1):
        try:
            prove(keyboard.ask.line(prompt))
        except WrongCode as refusal:
            if not left:
                raise
            told(keyboard, refusal)
        else:
            return


def _change_first(keyboard: Keyboard, proven: Proven) -> None:
    """A password that somebody else has set, or that lost its second factor, is good for choosing another only."""
    words = keyboard.words
    keyboard.screen.say(
        words(
            "This password was set for you, or for use with a second factor: choose another.",
            "Ce mot de passe vous a été donné, ou allait avec un second facteur : choisissez-en un autre.",
        )
    )
    for left in range(TRIES - 1, -1, -1):
        try:
            choose_first_password(keyboard.door, proven, new_password(keyboard))
        except Refused as refusal:
            if not left:
                raise
            told(keyboard, refusal)
        else:
            return


def new_password(keyboard: Keyboard) -> str:
    """Return a password that was typed twice alike. Raises Refused where it was not."""
    words = keyboard.words
    first = keyboard.ask.secret(words("New password", "Nouveau mot de passe"))
    if keyboard.ask.secret(words("The same again", "Le même, encore une fois")) != first:
        raise Refused(
            "the two were not alike: nothing was changed", "les deux diffèrent : rien n'a été changé"
        )
    return first
