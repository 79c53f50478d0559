"""Changing configuration: keys of one layer, and in the same transaction the releases that come of it.

edit → may they? is it sound? → protected? a proposal : ConfigChange rows → a release for each environment it changes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from pydantic import TypeAdapter, ValidationError

from apps.config import DECLARING, LONGEST, TYPES, Declaration, Entry
from apps.delivery import CONFIG_CHANNEL
from apps.models import ConfigChange, ConfigProposal
from apps.schemas import one_of
from apps.selectors import config as layers
from apps.selectors.config import Scope
from apps.services.pins import config_refusal
from apps.services.reconfigure import Reconfigured, held_reach, reconfigure
from apps.services.rows import name_of, person
from apps.terms import EnvName, givable
from apps.workload import RESERVED
from paas.core import audit
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound
from paas.core.permissions import OPERATE, Actor, require
from paas.core.rows import held, locked
from paas.core.sse import hint

MOST_KEYS = 500

_KEY = TypeAdapter(EnvName)
_WORDS = {"platform": OPERATE, "cluster": OPERATE, "team": "own"}

Changes = dict[str, tuple[Entry, Entry]]
"""By key, what was said and what is said from now on."""


@dataclass(frozen=True)
class Edit:
    """What is asked of a layer: a value or a declaration of each key named, None to take it away."""

    values: Mapping[str, str | None] = field(default_factory=dict)
    declarations: Mapping[str, Declaration | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Changed:
    """What a change came to. With a `proposal` nothing is changed yet, and `releases` are those it would make."""

    version: int
    keys: tuple[str, ...]
    releases: tuple[Reconfigured, ...] = ()
    proposal: ConfigProposal | None = None


@dataclass(frozen=True)
class Held:
    """A scope's config, locked; its version is its ETag."""

    version: int


def may_edit(actor: Actor, scope: Scope) -> None:
    """Raises NotFound or Forbidden: who may edit the scope's object may change its config."""
    require(actor, _WORDS.get(scope.kind, "deploy"), scope.row)


def hold(scope: Scope) -> Held:
    """Lock the scope's config until the transaction ends. Its object's row stays free for others."""
    held("config", str(scope.id))
    return Held(layers.scope_version(scope))


def hold_proposal(proposal: ConfigProposal) -> ConfigProposal:
    """The proposal as it is now, locked with its scope's config; in this order, as whoever decides on it does."""
    hold(layers.scope_by_id(proposal.scope, proposal.scope_id))
    return locked(proposal)


def change_config(
    *, scope: Scope, edit: Edit, actor: Actor, reason: str = "", release: bool = True, dry_run: bool = False
) -> Changed:
    """Change keys of a layer; each environment with a release whose values become others gets a new one.

    Args:
        release: False stores it only: environments take it with their next deploy.
        dry_run: do all of it and leave nothing behind.

    Raises:
        Invalid: `config_key_invalid`, `config_key_reserved`, `config_value_invalid`, `config_declaration_invalid`,
            `config_too_many`, the codes of `pins.pinned_config`, those of the renderer.
        NotFound: `config_not_set`, where something is to be taken away that is not there.
        Conflict: `config_reach_too_wide`, whatever admission refuses with.
    """
    may_edit(actor, scope)
    _check(scope, edit)
    with transaction.atomic():
        held = hold(scope)
        changes = _changes(scope, edit)
        if layers.protected(scope, list(changes)):
            changed = _propose(scope, changes, actor=actor, reason=reason, release=release, version=held.version)
        else:
            changed = _carry_out(scope, changes, actor=actor, reason=reason, release=release)
        if dry_run:
            transaction.set_rollback(True)
    return changed


def accept_proposal(*, proposal: ConfigProposal, actor: Actor, reason: str = "") -> Changed:
    """Carry out what another person proposed.

    Raises:
        Forbidden: `second_person_required`.
        Conflict: `config_proposal_decided`, `config_proposal_overtaken`; and as `change_config`.
    """
    scope = layers.scope_by_id(proposal.scope, proposal.scope_id)
    may_edit(actor, scope)
    with transaction.atomic():
        proposal = _undecided(proposal)
        if person(actor) is None or name_of(actor) == proposal.proposed_by_name:
            raise Forbidden(
                "second_person_required",
                _("Who proposed a change does not accept it."),
                rule=_("A protected key is changed by two persons."),
                remedy=_("Ask another person who may edit %(layer)s."),
                params={"layer": scope},
            )
        changes = {
            key: (Entry.from_json(each["before"]), Entry.from_json(each["after"]))
            for key, each in proposal.changes.items()
        }
        there = layers.entries([scope.id])[scope.id]
        if overtaken := sorted(key for key, (before, _) in changes.items() if there.get(key, Entry()) != before):
            raise Conflict(
                "config_proposal_overtaken",
                _("%(keys)s changed after it was proposed."),
                remedy=_("Refuse it, and propose it anew."),
                params={"keys": ", ".join(overtaken)},
            )
        changed = _carry_out(
            scope, changes, actor=actor, reason=proposal.reason, release=proposal.release, proposal=proposal
        )
        _decide(proposal, ConfigProposal.State.ACCEPTED, actor, reason)
    return changed


def refuse_proposal(*, proposal: ConfigProposal, actor: Actor, reason: str = "") -> ConfigProposal:
    """Say no to a proposal, or take back one's own. Raises Conflict `config_proposal_decided`."""
    scope = layers.scope_by_id(proposal.scope, proposal.scope_id)
    may_edit(actor, scope)
    with transaction.atomic():
        proposal = _undecided(proposal)
        _decide(proposal, ConfigProposal.State.REFUSED, actor, reason)
        audit.record(
            actor=actor,
            action="config.refused",
            target=scope.row or proposal,
            before={"proposed_by": proposal.proposed_by_name, "changes": proposal.changes},
            reason=reason,
        )
    return proposal


def _undecided(proposal: ConfigProposal) -> ConfigProposal:
    proposal = hold_proposal(proposal)
    if proposal.state != ConfigProposal.State.OPEN:
        raise Conflict(
            "config_proposal_decided", f"{proposal.decided_by_name} has decided on it: {proposal.state.lower()}."
        )
    return proposal


def _decide(proposal: ConfigProposal, state: ConfigProposal.State, actor: Actor, reason: str) -> None:
    proposal.state, proposal.decided_at = state, timezone.now()
    proposal.decided_by_name, proposal.decision_reason = name_of(actor), reason
    proposal.save(update_fields=["state", "decided_at", "decided_by_name", "decision_reason"])
    hint(CONFIG_CHANNEL)


def _propose(scope: Scope, changes: Changes, *, actor: Actor, reason: str, release: bool, version: int) -> Changed:
    """A proposal, after a rehearsal that refuses now what accepting it would refuse later."""
    with transaction.atomic():
        foreseen = _carry_out(scope, changes, actor=actor, reason=reason, release=release)
        transaction.set_rollback(True)
    proposal = ConfigProposal.objects.create(
        scope=scope.kind,
        scope_id=scope.id,
        scope_name=scope.name,
        changes=_told(changes),
        release=release,
        reason=reason,
        proposed_by=person(actor),
        proposed_by_name=name_of(actor),
    )
    audit.record(
        actor=actor,
        action="config.proposed",
        target=scope.row or proposal,
        after={"proposal": str(proposal.pk), "changes": proposal.changes},
        reason=reason,
    )
    hint(CONFIG_CHANNEL)
    return Changed(version, tuple(changes), foreseen.releases, proposal)


def _carry_out(
    scope: Scope,
    changes: Changes,
    *,
    actor: Actor,
    reason: str,
    release: bool,
    proposal: ConfigProposal | None = None,
) -> Changed:
    if not changes:
        return Changed(layers.scope_version(scope), ())
    # Before anything is read: what other changes and deploys write is then there whole, or not begun.
    reach = held_reach(scope) if release and any(old.value != new.value for old, new in changes.values()) else []
    before = layers.resolved_each(reach)
    version = layers.scope_version(scope) + 1
    rows = ConfigChange.objects.bulk_create(
        ConfigChange(
            scope=scope.kind,
            scope_id=scope.id,
            scope_name=scope.name,
            version=version,
            key=key,
            before=old.to_json(),
            after=new.to_json(),
            created_by=person(actor) if proposal is None else proposal.proposed_by,
            created_by_name=name_of(actor) if proposal is None else proposal.proposed_by_name,
            accepted_by_name="" if proposal is None else name_of(actor),
            reason=reason,
        )
        for key, (old, new) in changes.items()
    )
    audit.record(
        actor=actor,
        action="config.changed",
        target=scope.row or rows[0],
        before={key: old.to_json() for key, (old, _) in changes.items()},
        after={key: new.to_json() for key, (_, new) in changes.items()},
        reason=reason,
    )
    hint(CONFIG_CHANNEL)
    _refuse_wrong(scope, changes)
    after = layers.resolved_each(reach)
    why = f"config {', '.join(changes)} changed" + (f": {reason}" if reason else "")
    made = (
        reconfigure(each, clusters, before[each.pk], after[each.pk], actor=actor, reason=why)
        for each, clusters in reach
    )
    return Changed(version, tuple(changes), tuple(each for each in made if each is not None))


def _refuse_wrong(scope: Scope, changes: Changes) -> None:
    """What is wrong whatever nearer layers say; that a key is unknown is so in an environment only."""
    known_here = {"config_value_wrong", "config_cycle", "config_expression_invalid", "config_too_large"}
    if scope.kind == "environment":
        known_here.add("config_key_unknown")
    faults = [
        each
        for each in layers.resolved_at(scope).faults
        if each.code in known_here and set(changes) & {each.key, *each.path}
    ]
    if faults:
        raise config_refusal(f"{scope} cannot be changed so", [("", each) for each in faults])


def _changes(scope: Scope, edit: Edit) -> Changes:
    there = layers.entries([scope.id])[scope.id]
    found: Changes = {}
    for key in sorted({*edit.values, *edit.declarations}):
        old = there.get(key, Entry())
        value = edit.values.get(key, old.value)
        declaration = edit.declarations.get(key, old.declaration)
        new = Entry(value, declaration)
        gone = (key in edit.values and value is None and old.value is None) or (
            key in edit.declarations and declaration is None and old.declaration is None
        )
        if gone:
            raise NotFound(
                "config_not_set",
                _("%(layer)s says nothing of %(key)s that could be taken away."),
                params={"layer": scope, "key": key},
            )
        if new != old:
            found[key] = (old, new)
    count = len({*there, *found})
    if count > MOST_KEYS:
        raise Invalid(
            "config_too_many",
            _("%(layer)s would have %(count)d keys; %(most)d are the most."),
            params={"layer": scope, "count": count, "most": MOST_KEYS},
        )
    return found


def _told(changes: Changes) -> dict[str, dict[str, object]]:
    return {key: {"before": old.to_json(), "after": new.to_json()} for key, (old, new) in changes.items()}


def _check(scope: Scope, edit: Edit) -> None:
    for key in (*edit.values, *edit.declarations):
        _check_key(key)
    for key, value in edit.values.items():
        if value is not None and (not givable(value) or len(value) > LONGEST):
            raise Invalid(
                "config_value_invalid",
                _("The value of %(key)s is not a text that a process could be given."),
                rule=_("At most %(most)d characters, and no NUL among them."),
                params={"key": key, "most": LONGEST},
            )
    if edit.declarations and scope.kind not in DECLARING:
        raise Invalid(
            "config_declaration_invalid",
            f"A {scope.kind} declares no keys.",
            rule=f"Keys are declared by {one_of(DECLARING)}.",
        )
    for key, declaration in edit.declarations.items():
        if declaration is not None:
            _check_declaration(key, declaration)


def _check_key(key: str) -> None:
    try:
        _KEY.validate_python(key)
    except ValidationError:
        raise Invalid(
            "config_key_invalid",
            _("'%(key)s' is no name of an environment variable."),
            rule=_("Letters, digits and _, not beginning with a digit."),
            params={"key": key[:80]},
        ) from None
    if key in RESERVED:
        raise Invalid(
            "config_key_reserved",
            _("%(key)s is set by the platform itself."),
            rule=_("%(keys)s cannot be configured."),
            params={"key": key, "keys": ", ".join(sorted(RESERVED))},
        )


def _check_declaration(key: str, declaration: Declaration) -> None:
    if declaration.type not in TYPES:
        raise Invalid(
            "config_declaration_invalid",
            f"{key} cannot be of type '{declaration.type[:40]}'.",
            rule=f"A type is {one_of(TYPES, declaration.type)}.",
        )
    if (declaration.type == "choice") != bool(declaration.choices):
        raise Invalid(
            "config_declaration_invalid",
            f"{key} needs choices, and the type choice, or neither.",
            rule="Choices are what a value of the type choice may be.",
        )
