"""Answers that are written once and sent often."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, insert, select, update

from helpdesk.core.people import Language
from helpdesk.store.ids import new_id
from helpdesk.store.tables import canned_answers


@dataclass(frozen=True, slots=True)
class CannedAnswer:
    """An answer in one language; the text is sent as it stands, nothing in it is filled in."""

    name: str
    language: Language
    text: str


class Canned:
    """Queries on canned answers, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, name: str | None = None) -> list[CannedAnswer]:
        """Return all answers, or those of one name, by name and language."""
        query = select(canned_answers).order_by(canned_answers.c.name, canned_answers.c.language)
        if name is not None:
            query = query.where(canned_answers.c.name == name)
        return [
            CannedAnswer(row.name, Language(row.language), row.text)
            for row in self._connection.execute(query)
        ]

    def put(self, answer: CannedAnswer) -> None:
        """Write an answer, over the one of that name and language if there is one."""
        key = {"name": answer.name, "language": answer.language.value}
        this = and_(*(canned_answers.c[column] == value for column, value in key.items()))
        if (
            self._connection.execute(update(canned_answers).where(this).values(text=answer.text)).rowcount
            == 0
        ):
            self._connection.execute(insert(canned_answers), {"id": new_id(), "text": answer.text} | key)

    def remove(self, name: str, language: Language | None) -> int:
        """Remove an answer in one language, or in all; return how many there were."""
        gone = delete(canned_answers).where(canned_answers.c.name == name)
        if language is not None:
            gone = gone.where(canned_answers.c.language == language.value)
        return self._connection.execute(gone).rowcount
