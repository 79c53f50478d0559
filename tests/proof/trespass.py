"""Team B tries everything with what is team A's, in any order: a state machine whose steps hypothesis picks.

Each step sends an operation of the OpenAPI file as somebody of B, about B, with some of what is named in its address,
its query and its body changed into what stands there for A. After each step nothing of A has changed, no answer has
told of A, and no row of B refers to one of A. In between A's owner lets somebody of B in and out again.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from typing import Any

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.proof.operations import BEFORE_SIGN_IN, OPERATIONS, STREAMS, Operation, put, texts
from tests.proof.rows import Row, references, rows
from tests.proof.tenants import ROLES

WHO = ("owner", "releaser", "developer", "viewer", "machine")
TRIED = [each for each in OPERATIONS if each.id not in BEFORE_SIGN_IN | STREAMS]
# Known by name to everyone who is signed in, or meant within the thing named before them in the address.
SHARED = frozenset({"clusters"})


class Request:
    """One operation about B, and all the places of it where a name could stand."""

    def __init__(self, operation: Operation, stage: Any) -> None:
        self.operation = operation
        self.places, self.query = operation.places(stage.b), operation.query(stage.b)
        self.body = operation.body(stage.b)
        self._theirs = {
            **{("path", name): value for name, value in operation.places(stage.a).items()},
            **{("query", name): value for name, value in stage.a.queries.items() if name in operation.queries},
            # Not what nobody of B can know: an answer may repeat what it was sent.
            **{
                ("body", at): value
                for at, value in texts(operation.body(stage.a))
                if not any(secret in value for secret in stage.net.names)
            },
        }

    @property
    def holes(self) -> list[tuple[str, Any]]:
        """Where."""
        found = [*(("path", each) for each in self.places), *(("query", each) for each in self.operation.queries)]
        return [*found, *(("body", at) for at, _ in texts(self.body))]

    def put(self, hole: tuple[str, Any], others: str | None = None) -> None:
        """What stands there for A, or another name of A's; nothing where neither is there."""
        where, at = hole
        value = others or self._theirs.get(hole, "")
        if not value:
            return
        if where == "body":
            self.body = deepcopy(self.body)
            put(self.body, at, value)
        else:
            (self.places if where == "path" else self.query)[at] = value

    def send(self, client: Any) -> Any:
        """The answer."""
        headers = {} if self.operation.reads else {"If-Match": "*"}
        address = self.operation.address(self.places, self.query)
        return getattr(client, self.operation.method)(address, self.body, headers=headers)

    def leads_to(self, stage: Any) -> bool:
        """Whether the thing that the address begins with is A's."""
        if not self.operation.names or self.operation.kind in SHARED:
            return False
        first = self.operation.names[0]
        return self.places[first] == self.operation.places(stage.a)[first] != self.operation.places(stage.b)[first]

    def __str__(self) -> str:
        return f"{self.operation.method} {self.operation.address(self.places, self.query)} {self.body}"


class Trespass(RuleBasedStateMachine):
    """`stage` has both teams; what a run does is rolled back at its end."""

    def __init__(self, stage: Any) -> None:
        super().__init__()
        self.stage = stage
        self.before = dict(stage.before)
        self.theirs = set(stage.theirs)
        self.guests: set[str] = set()
        self._run = transaction.atomic()
        self._run.__enter__()

    def teardown(self) -> None:
        """As if nothing had been."""
        transaction.set_rollback(True)
        self._run.__exit__(None, None, None)

    @rule(data=st.data())
    def trespass(self, data: Any) -> None:
        """One request, with one or two things of A's in it."""
        request = Request(data.draw(st.sampled_from(TRIED), label="operation"), self.stage)
        for hole in data.draw(st.lists(st.sampled_from(request.holes), max_size=2), "holes") if request.holes else ():
            others = data.draw(st.one_of(st.none(), st.sampled_from(sorted(names_of(self.stage.a)))), "name")
            request.put(hole, others)
        self.send(data.draw(st.sampled_from(WHO), label="who"), request)

    @rule(data=st.data(), who=st.sampled_from(WHO))
    def knock(self, data: Any, who: str) -> None:
        """What is A's, by its address alone: whatever else is right, it is not there."""
        request = Request(data.draw(st.sampled_from([each for each in TRIED if each.names]), "operation"), self.stage)
        for name in request.operation.names:
            request.put(("path", name))
        self.send(who, request)

    @rule(who=st.sampled_from(ROLES), role=st.sampled_from(ROLES))
    def let_in(self, who: str, role: str) -> None:
        """A's owner makes somebody of B one of theirs."""
        self._by_a("put", who, {"role": role})
        self.guests.add(who)

    @precondition(lambda self: self.guests)
    @rule(data=st.data())
    def show_out(self, data: Any) -> None:
        """And takes it back: their token, which has worked a moment ago, opens nothing any more."""
        who = data.draw(st.sampled_from(sorted(self.guests)), "guest")
        self._by_a("delete", who, None)
        self.guests.discard(who)
        request = Request(next(each for each in TRIED if each.id == "environments_retrieve"), self.stage)
        request.put(("path", "id"))
        self.send(who, request)

    def send(self, who: str, request: Request) -> None:
        """As somebody of B, and what must hold of the answer; who is a guest of A's just now may do much, and waits."""
        if who in self.guests:
            return
        answer = request.send(self.stage.b.client(who))
        assert answer.status_code < 500, (str(request), answer.content)
        if request.leads_to(self.stage):
            # 401: their own token has been taken away meanwhile.
            refused = {400, 401, 404} | ({403} if request.operation.kind == "audit" else set())
            assert answer.status_code in refused, (who, str(request), answer.status_code)
        told = self.stage.net.found(b"".join(answer) if answer.streaming else answer.content)
        assert told == [], (who, str(request), told)

    def _by_a(self, method: str, who: str, body: Any) -> None:
        address = f"/api/v1/teams/{self.stage.a.team.name}/members/{self.stage.b.people[who].username}/"
        answer = getattr(self.stage.a.client("owner"), method)(address, body, headers={"If-Match": "*"})
        assert answer.status_code in (200, 204), answer.content
        now = rows()
        new = now.keys() - self.known
        self.theirs |= new
        self.before = {key: now[key] for key in self.before.keys() | new if key in now}
        self.known = set(now)

    @invariant()
    def nothing_is_touched(self) -> None:
        """Every row that was there is as it was, and no row of B refers to one of A."""
        now = rows()
        assert changed(self.before, now) == []
        assert crossing(self.theirs, self.before) == []
        self.known = set(now)


def changed(before: dict[Row, str], now: dict[Row, str]) -> list[Row]:
    """What is not as it was."""
    return [row for row, digest in before.items() if now.get(row) != digest]


def crossing(theirs: Collection[Row], before: Collection[Row]) -> list[tuple[Row, str, str]]:
    """What is new and refers to something of theirs: by a foreign key, or by a UUID that stands in for one."""
    keys = {row.key for row in theirs}
    return [
        (row, column, to.key)
        for row, column, to in references()
        if row not in theirs and row not in before
        if (to in theirs if to.table else to.key in keys)
    ]


def names_of(tenant: Any) -> set[str]:
    """All that something of the tenant is called by."""
    people = {person.username for person in tenant.people.values()}
    return {*tenant.places.values(), *tenant.queries.values(), *people, tenant.environment.namespace, "a.example"}
