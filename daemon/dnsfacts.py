"""DNS answers as facts: TXT records, within a time budget, remembered as long as their TTL allows.

What keeps one bad domain from stopping all others: an answer that does not come is blamed on that name alone,
unless the resolver does not even answer for the root; then nobody waits for it again for half a minute.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

import dns.exception
import dns.name
import dns.resolver

from helpdesk.core.dkimcheck import NO_ANSWER, NO_SUCH_TXT, TxtAnswer

MAX_REMEMBERED = 4096
MAX_TTL_SECONDS = 86_400
MIN_TTL_SECONDS = 60  # a batch asks for the same key many times, and a TTL may be 0
NO_SUCH_TTL_SECONDS = 300
FAILING_SECONDS = 30
PROBE_SECONDS = 1.0
SHARE_FOR_THE_QUESTION = 0.8  # of the budget; the rest is for the probe
TRY_SECONDS = 2.0  # per server, so that a second one is asked within the budget
# Whoever owns many domains can let each keep us waiting. What we wait in all is a store that fills slowly; when
# it is empty a name gets half a second, which is plenty for a domain that means well.
PATIENCE_SECONDS = 20.0
PATIENCE_REGAINED = 0.25  # for each second that passes
HASTY_SECONDS = 0.5


class TxtLookups:
    """Looks up TXT records. Blocks, for each call at most the budget. For one thread only."""

    def __init__(
        self,
        nameservers: tuple[str, ...] = (),
        port: int = 53,
        budget_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = _resolver(nameservers, port)
        self._budget_seconds = budget_seconds
        self._probe_seconds = min(PROBE_SECONDS, budget_seconds * (1 - SHARE_FOR_THE_QUESTION))
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, TxtAnswer]] = OrderedDict()
        self._resolver_down_until = clock()
        self._patience_seconds = PATIENCE_SECONDS
        self._patient_at = clock()

    def answers_for(self, names: Iterable[str]) -> dict[str, TxtAnswer]:
        """Return the answer for each of *names*. Never raises; what is not known in time is ``NO_ANSWER``."""
        start = self._clock()
        regained = (start - self._patient_at) * PATIENCE_REGAINED
        patience = min(PATIENCE_SECONDS, self._patience_seconds + regained)
        deadline = start + min(self._budget_seconds, max(patience, HASTY_SECONDS))
        answers = {name: self._answer(name, deadline) for name in names}
        self._patient_at = self._clock()
        self._patience_seconds = patience - (self._patient_at - start)
        return answers

    def _answer(self, name: str, deadline: float) -> TxtAnswer:
        now = self._clock()
        known = self._known.get(name)
        if known is not None and known[0] > now:
            self._known.move_to_end(name)
            return known[1]
        seconds = (deadline - now) * SHARE_FOR_THE_QUESTION
        if self._resolver_down_until > now or seconds <= 0:
            return NO_ANSWER
        answer, valid_seconds = self._asked(name, seconds)
        if answer == NO_ANSWER and not self._resolver_alive():
            self._resolver_down_until = self._clock() + FAILING_SECONDS
            return NO_ANSWER
        self._remember(name, answer, valid_seconds)
        return answer

    def _asked(self, name: str, seconds: float) -> tuple[TxtAnswer, float]:
        """Ask for *name*; return the answer, and for how many seconds it may be believed."""
        try:
            absolute = dns.name.from_text(name)
        except (dns.exception.DNSException, ValueError):
            return NO_SUCH_TXT, NO_SUCH_TTL_SECONDS
        try:
            found = self._resolver.resolve(
                absolute, "TXT", raise_on_no_answer=False, lifetime=seconds, search=False
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
            return NO_SUCH_TXT, NO_SUCH_TTL_SECONDS
        except (dns.exception.DNSException, OSError):
            return NO_ANSWER, FAILING_SECONDS
        if found.rrset is None:
            return NO_SUCH_TXT, NO_SUCH_TTL_SECONDS
        texts = tuple(b"".join(record.strings) for record in found.rrset)
        return TxtAnswer(texts), min(max(found.rrset.ttl, MIN_TTL_SECONDS), MAX_TTL_SECONDS)

    def _resolver_alive(self) -> bool:
        """Say whether the resolver answers for the root: whatever it answers will do."""
        try:
            self._resolver.resolve(dns.name.root, "NS", lifetime=self._probe_seconds, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
            return True
        except dns.resolver.NoNameservers as error:
            return any(response is not None for *_, response in error.kwargs.get("errors", ()))
        except (dns.exception.DNSException, OSError):
            return False
        return True

    def _remember(self, name: str, answer: TxtAnswer, seconds: float) -> None:
        self._known[name] = (self._clock() + seconds, answer)
        self._known.move_to_end(name)
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)


def _resolver(nameservers: tuple[str, ...], port: int) -> dns.resolver.Resolver:
    try:
        resolver = dns.resolver.Resolver(configure=not nameservers)
    except dns.resolver.NoResolverConfiguration:
        resolver = dns.resolver.Resolver(configure=False)
    if nameservers:
        resolver.nameservers = list(nameservers)
        resolver.port = port
    resolver.timeout = TRY_SECONDS
    return resolver
