"""What a verb works with: the desk, who acts, the screen, the person. All is opened when first used."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from helpdesk.actions.desk import Desk
from helpdesk.actions.door import Door, Place
from helpdesk.actions.permits import require_right
from helpdesk.actions.sessions import actor_of, prove_again, proved_lately
from helpdesk.config import Settings, load_for_shell
from helpdesk.core.keys import TOTP_SECRETS
from helpdesk.core.people import Language, Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.countries import country_of
from helpdesk.errors import LoggedOut, Refused
from helpdesk.opening import desk_of, opened_database
from helpdesk.store.engine import Database
from helpdesk.store.schema import require_current
from helpdesk.store.work import Work
from helpdesk.templatefiles import TemplateFiles
from shell.ask import Asker
from shell.place import place_here
from shell.screen import Screen
from shell.verbs import Admits, Verb
from shell.words import Words


@dataclass
class Keyboard:
    """One person's work on one desk. ``token``: of their session, empty before a login.

    ``actor`` is who acts in the verb that runs now, as the database knew them when it began. ``drafts``: texts of
    verbs that came to nothing, by the line that begins the verb again; None where nothing is kept.
    ``typed_before``: the words before the one that is being completed.
    """

    config: Path | None
    environ: Mapping[str, str]
    screen: Screen = field(default_factory=Screen)
    words: Words = field(default_factory=Words)
    token: str = ""
    actor: Actor = field(default_factory=lambda: Actor(Person(0, "nobody", Role.USER, Language.EN, False)))
    drafts: dict[str, str] | None = None
    typed_before: tuple[str, ...] = ()

    @cached_property
    def settings(self) -> Settings:
        """The settings. Raises BadSettings."""
        return load_for_shell(self.config, self.environ)

    @cached_property
    def database(self) -> Database:
        """The database, its schema checked. Raises HelpdeskError where it is away or of another schema."""
        database = opened_database(self.settings)
        try:
            require_current(database)
        except BaseException:
            database.close()
            raise
        return database

    @cached_property
    def desk(self) -> Desk:
        """The desk that actions work on."""
        return desk_of(self.settings, self.database, TemplateFiles())

    @cached_property
    def door(self) -> Door:
        """What logins need."""
        return Door(self.desk, self.settings.login, self.settings.keys.derive(TOTP_SECRETS))

    @cached_property
    def place(self) -> Place:
        """From where the person works."""
        place = place_here(self.environ)
        return replace(place, country=country_of(self.settings.suspicion.country_file, place.remote))

    @property
    def ask(self) -> Asker:
        """Asks the person."""
        return Asker(self.words)

    def speak(self, language: Language) -> None:
        """Use a person's language from now on."""
        self.words = Words(language, self.settings.desk.timezone)

    def admit(self, verb: Verb) -> None:
        """Let *verb* be run by whoever may. Raises LoggedOut, NotAllowed, Refused and StoreAway."""
        self.actor = self._acting(verb)
        if self.actor.user_id is not None:
            self.speak(self.actor.person.language)
        if verb.right is not None:
            require_right(self.database, self.actor, verb.right)
        if verb.grave:
            self.make_sure()

    def make_sure(self) -> None:
        """Ask for the password again before something grave, unless it was given just now. Raises Refused."""
        if self.actor.session_id is not None and not proved_lately(self.door, self.actor):
            prompt = self.words("Your password, once more", "Votre mot de passe, encore une fois")
            try:
                password = self.ask.secret(prompt)
            except EOFError as end:
                raise Refused(
                    "your password is wanted again for this: give it at a terminal, or on standard input",
                    "votre mot de passe est redemandé pour cela : donnez-le à un terminal, ou sur"
                    " l'entrée standard",
                ) from end
            prove_again(self.door, self.actor, password, self.place)

    def look_again(self) -> None:
        """Read anew who acts, for a verb that goes on by itself. Raises LoggedOut and StoreAway."""
        if self.token:
            self.actor = actor_of(self.door, self.token, using=False)

    def still_here(self) -> None:
        """Read anew who acts, once a person has taken time over an answer. Raises LoggedOut and StoreAway."""
        if self.token:
            self.actor = actor_of(self.door, self.token, whence=lambda: self.place)

    def agrees(self, question: str) -> bool:
        """Ask whether to go on, of whoever the session still belongs to then. Raises LoggedOut and StoreAway."""
        if not self.ask.yes(question):
            return False
        self.still_here()
        return True

    @property
    def editor(self) -> str:
        """The person's editor, empty where they have none or their role may not use one: it can run commands."""
        allowed = self.actor.person.role in self.settings.login.editor_roles
        return self.environ.get("VISUAL", "") if allowed else ""

    def _acting(self, verb: Verb) -> Actor:
        if self.token:
            try:
                return actor_of(self.door, self.token, whence=lambda: self.place)
            except LoggedOut:
                if not self.is_root_with(verb):  # a session that ended must not keep root out
                    raise
        if self.is_root_with(verb) or self.is_console(verb):
            return self.console
        raise LoggedOut(
            "log in first: `helpdesk-admin.py` for the shell, `helpdesk-admin.py login` for scripts",
            "connectez-vous d'abord : `helpdesk-admin.py` pour le shell, `helpdesk-admin.py login` pour les scripts",
        )

    @staticmethod
    def is_root_with(verb: Verb) -> bool:
        """Say whether *verb* is open to root on the machine, and root it is."""
        return verb.admits is Admits.CONSOLE and os.geteuid() == 0

    def is_console(self, verb: Verb) -> bool:
        """Say whether *verb* needs no login here: before anybody can log in, or as the verb says."""
        if verb.admits is Admits.ANYONE:
            return True
        with Work(self.database, read_only=True) as work:
            return not work.logins.anybody()

    @property
    def console(self) -> Actor:
        """Whoever sits at the machine itself and could change the database by hand just as well."""
        person = Person(0, "console", Role.ADMIN, self.settings.desk.language)
        return Actor(person, ip_address=self.place.ip_address, user_agent=self.place.user_agent)

    def now(self) -> datetime:
        """Return the time by the desk's clock, which is the database's. Raises StoreAway."""
        with Work(self.database, read_only=True) as work:
            return self.desk.clock(work)

    def close(self) -> None:
        """Let go of the database."""
        if "database" in self.__dict__:
            self.database.close()
