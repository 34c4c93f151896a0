"""``login``, ``logout``, ``password``, ``totp``, ``session``, ``bootstrap``, ``unlock``: one's own account."""

import argparse
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from helpdesk.actions.accounts import choose_password, enrol_totp, remove_totp, unlock
from helpdesk.actions.bootstrap import FirstAdmin, bootstrap, look_at_bootstrap
from helpdesk.actions.passwords import new_totp_secret, totp_address
from helpdesk.actions.sessions import actor_of, end_session, prove_again
from helpdesk.core.people import KnownAddress, Language
from helpdesk.core.permissions import Right
from helpdesk.core.sessions import SessionKind
from helpdesk.errors import HelpdeskError, LoggedOut, Refused
from helpdesk.store.work import Work
from shell.commands.people import address
from shell.keyboard import Keyboard
from shell.login import TRIES, log_in, new_password
from shell.perform import told
from shell.qr import qr_lines
from shell.remembered import forget, remember, remembered_token, session_file
from shell.verbs import Admits, Arguments, Noun, Verb


def known_person(keyboard: Keyboard, wanted: str) -> KnownAddress:
    """Return who is registered with an address. Raises Refused where nobody is."""
    with Work(keyboard.database, read_only=True) as work:
        known = work.people.known_addresses([wanted]).get(wanted)
    if known is None:
        raise Refused(f"nobody is registered with {wanted}", f"personne n'est inscrit avec {wanted}")
    return known


def _address(arguments: Arguments) -> None:
    arguments.add("address", type=address, metavar="EMAIL", help=("whose account", "le compte de qui"))


def _login_arguments(arguments: Arguments) -> None:
    arguments.add(
        "address",
        type=address,
        nargs="?",
        metavar="EMAIL",
        help=("who logs in", "qui se connecte"),
    )


def _login(keyboard: Keyboard, given: argparse.Namespace) -> int:
    token = log_in(keyboard, SessionKind.REMEMBERED, given.address or "")
    file = session_file(keyboard.environ, keyboard.settings.keys.install_id)
    before = _remembered_before(file)
    try:
        remember(file, token)
    except BaseException:  # nobody could use it, and nobody would know that it is in force
        with contextlib.suppress(HelpdeskError):
            end_session(keyboard.door, actor_of(keyboard.door, token))
        raise
    with contextlib.suppress(LoggedOut, Refused):
        if before:
            end_session(keyboard.door, actor_of(keyboard.door, before))
    days = keyboard.settings.login.remembered_days
    keyboard.screen.say(
        keyboard.words(
            "Logged in for {days} days; the session is kept in {file}.",
            "Connecté pour {days} jours ; la session est gardée dans {file}.",
            days=days,
            file=file,
        )
    )
    return 0


def _remembered_before(file: Path) -> str:
    """Return the token of the session that the next one takes the place of, empty where there is none to use."""
    with contextlib.suppress(Refused):
        return remembered_token(file)
    return ""


def _logout(keyboard: Keyboard, _given: argparse.Namespace) -> int:
    end_session(keyboard.door, keyboard.actor)
    file = session_file(keyboard.environ, keyboard.settings.keys.install_id)
    with contextlib.suppress(Refused):
        if remembered_token(file) == keyboard.token:  # a script's session outlives the shell's
            forget(file)
    keyboard.token = ""
    keyboard.screen.say(keyboard.words("Logged out.", "Déconnecté."))
    return 0


def _bootstrap_arguments(arguments: Arguments) -> None:
    _address(arguments)
    arguments.add(
        "--name", default="", help=("their name, if they are not registered yet", "leur nom, si besoin")
    )
    arguments.add(
        "--language",
        choices=[language.value for language in Language],
        help=("of their shell and letters", "de leur shell et de leurs lettres"),
    )


def _bootstrap(keyboard: Keyboard, given: argparse.Namespace) -> int:
    is_root = os.geteuid() == 0
    look_at_bootstrap(keyboard.door, keyboard.console, given.address, is_root=is_root)
    language = Language(given.language) if given.language else keyboard.settings.desk.language
    first = FirstAdmin(given.address, given.name, language)
    password = new_password(keyboard)
    person = bootstrap(keyboard.door, keyboard.console, first, password, keyboard.place, is_root=is_root)
    keyboard.screen.say(
        keyboard.words(
            "{name} is an admin and can log in from here: helpdesk-admin.py",
            "{name} est admin et peut se connecter d'ici : helpdesk-admin.py",
            name=person.name,
        )
    )
    return 0


def _unlock(keyboard: Keyboard, given: argparse.Namespace) -> int:
    known = known_person(keyboard, given.address)
    count = unlock(keyboard.door, keyboard.actor, known.person)
    keyboard.screen.say(
        keyboard.words(
            "The account of {name} is open; {count} locks were on it.",
            "Le compte de {name} est ouvert ; il portait {count} verrous.",
            name=known.person.name,
            count=count,
        )
    )
    return 0


def _password(keyboard: Keyboard, _given: argparse.Namespace) -> int:
    prompt = keyboard.words("Your password until now", "Votre mot de passe actuel")
    prove_again(keyboard.door, keyboard.actor, keyboard.ask.secret(prompt), keyboard.place)
    choose_password(keyboard.door, keyboard.actor, new_password(keyboard))
    keyboard.screen.say(
        keyboard.words(
            "Your password is changed; your other sessions have ended.",
            "Votre mot de passe est changé ; vos autres sessions sont terminées.",
        )
    )
    return 0


def _totp_on(keyboard: Keyboard, _given: argparse.Namespace) -> int:
    secret = new_totp_secret()
    _show_secret(keyboard, secret)
    codes = _enrolled(keyboard, secret)
    keyboard.screen.say(
        keyboard.words(
            "From now on a code is asked at each login. Keep these recovery codes apart, each is good once:",
            "Un code sera demandé à chaque connexion. Gardez ces codes de secours à part, chacun sert une fois :",
        )
    )
    for one in codes:
        keyboard.screen.say(f"  {one}")
    return 0


def _show_secret(keyboard: Keyboard, secret: str) -> None:
    """Show what a telephone scans and what can be typed into it; that alone where pictures tell nothing."""
    if keyboard.screen.plain:
        keyboard.screen.say(
            keyboard.words(
                "Type {secret} into an authenticator app.",
                "Saisissez {secret} dans une application d'authentification.",
                secret=secret,
            )
        )
        return
    account = keyboard.actor.person.name
    for line in qr_lines(totp_address(secret, account, keyboard.settings.desk.name)):
        keyboard.screen.say(line, as_it_is=True)
    keyboard.screen.say(
        keyboard.words(
            "Scan this with an authenticator app, or type {secret} into it.",
            "Scannez ceci avec une application d'authentification, ou saisissez-y {secret}.",
            secret=secret,
        )
    )


def _enrolled(keyboard: Keyboard, secret: str) -> Sequence[str]:
    """Return the recovery codes once the telephone shows a right code. Raises Refused after three tries."""
    prompt = keyboard.words("The code that it shows", "Le code qu'elle affiche")
    for _ in range(TRIES - 1):
        try:
            return enrol_totp(keyboard.door, keyboard.actor, secret, keyboard.ask.line(prompt))
        except Refused as refusal:
            told(keyboard, refusal)
    return enrol_totp(keyboard.door, keyboard.actor, secret, keyboard.ask.line(prompt))


def _totp_off(keyboard: Keyboard, _given: argparse.Namespace) -> int:
    remove_totp(keyboard.door, keyboard.actor, keyboard.actor.person)
    keyboard.screen.say(
        keyboard.words(
            "No code is asked any more; a password that went with one is to be changed: now (password), or at the"
            " next login.",
            "Plus aucun code n'est demandé ; un mot de passe qui allait avec est à changer : maintenant (password),"
            " ou à la prochaine connexion.",
        )
    )
    return 0


ACCOUNT = ("Your account", "Votre compte")
MACHINE = ("On the machine itself", "Sur la machine même")
NOUNS = (
    Noun(
        "login",
        ("keep a session for scripts", "garder une session pour les scripts"),
        (Verb("login", "", ("keep a session for scripts", "garder une session pour les scripts"),
              "login jeanne@ecole.example", _login, None, _login_arguments,
              admits=Admits.ANYONE),),
        ACCOUNT,
    ),
    Noun(
        "logout",
        ("end the session", "terminer la session"),
        (Verb("logout", "", ("end the session", "terminer la session"), "logout", _logout, Right.OWN_ACCOUNT),),
        ACCOUNT,
    ),
    Noun(
        "bootstrap",
        ("make the first admin, on the machine itself", "créer le premier admin, sur la machine même"),
        (Verb("bootstrap", "", ("make the first admin", "créer le premier admin"),
              "bootstrap admin@ecole.example --name 'Jeanne Dupont'", _bootstrap, None, _bootstrap_arguments,
              admits=Admits.ANYONE),),
        MACHINE,
    ),
    Noun(
        "unlock",
        ("open a locked account, as root on the machine", "ouvrir un compte verrouillé, en root sur la machine"),
        (Verb("unlock", "", ("open a locked account", "ouvrir un compte verrouillé"),
              "unlock jeanne@ecole.example", _unlock, Right.SESSIONS, _address,
              admits=Admits.CONSOLE),),
        MACHINE,
    ),
    Noun(
        "password",
        ("change your password", "changer votre mot de passe"),
        (Verb("password", "", ("change your password", "changer votre mot de passe"), "password", _password,
              Right.OWN_ACCOUNT),),
        ACCOUNT,
    ),
    Noun(
        "totp",
        ("a code from your telephone at each login", "un code du téléphone à chaque connexion"),
        (
            Verb("totp", "on", ("ask for a code from now on", "demander un code désormais"), "totp on", _totp_on,
                 Right.OWN_ACCOUNT, grave=True),
            Verb("totp", "off", ("ask for none any more", "ne plus en demander"), "totp off", _totp_off,
                 Right.OWN_ACCOUNT, grave=True),
        ),
        ACCOUNT,
    ),
)  # fmt: skip
