"""The dialogue of a login: address and password, a second factor or a mailed code, a new password where wanted."""

from helpdesk.actions.accounts import choose_password
from helpdesk.actions.login import (
    Proven,
    begin_session,
    prove_mailed_code,
    prove_password,
    prove_second_factor,
    send_code,
)
from helpdesk.actions.sessions import actor_of, end_session
from helpdesk.core.sessions import SessionKind
from helpdesk.errors import Refused
from shell.keyboard import Keyboard
from shell.perform import told

TRIES = 3


def log_in(keyboard: Keyboard, kind: SessionKind, address: str = "") -> str:
    """Return the token of a new session. Raises Refused after three tries, EOFError where nobody answers."""
    words = keyboard.words
    for left in range(TRIES - 1, -1, -1):
        name = address or keyboard.ask.line(words("Mail address", "Adresse mail"))
        password = keyboard.ask.secret(words("Password", "Mot de passe"))
        try:
            proven = prove_password(keyboard.door, name, password, keyboard.place)
            _prove_more(keyboard, proven)
        except Refused as refusal:
            if not left:
                raise
            told(keyboard, refusal)
            continue
        token = begin_session(keyboard.door, proven, kind)
        keyboard.speak(proven.person.language)
        if proven.must_change:
            try:
                _change_first(keyboard, token)
            except BaseException:  # a session with a password that was set by somebody else is none
                end_session(keyboard.door, actor_of(keyboard.door, token))
                raise
        return token
    raise AssertionError("the last try returns or raises")


def _prove_more(keyboard: Keyboard, proven: Proven) -> None:
    if proven.wants_totp:
        prompt = keyboard.words(
            "Code from your telephone, or a recovery code", "Code du téléphone, ou code de secours"
        )
        prove_second_factor(keyboard.door, proven, keyboard.ask.line(prompt))
    elif proven.wants_mailed_code:
        send_code(keyboard.door, proven)
        keyboard.screen.say(
            keyboard.words(
                "You have never logged in from here: a code was sent to your address.",
                "Vous ne vous êtes jamais connecté d'ici : un code a été envoyé à votre adresse.",
            )
        )
        prove_mailed_code(keyboard.door, proven, keyboard.ask.line(keyboard.words("Code", "Code")))


def _change_first(keyboard: Keyboard, token: str) -> None:
    """A password that somebody else has set is good for choosing another only."""
    words = keyboard.words
    keyboard.screen.say(
        words(
            "This password was set for you: choose your own.",
            "Ce mot de passe vous a été donné : choisissez le vôtre.",
        )
    )
    actor = actor_of(keyboard.door, token)
    for left in range(TRIES - 1, -1, -1):
        try:
            choose_password(keyboard.door, actor, new_password(keyboard))
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
