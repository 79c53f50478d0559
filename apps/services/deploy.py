"""Deploying an app file: the one way in which what runs is declared.

    file → per environment: place → spec → render for each cluster → same as now? nothing : Release, claims, Works
                            protected? a proposal of that

All of it in one transaction: a refusal anywhere leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_noop as _

from apps.appfile import PLACEMENT, AppFile, spec_for
from apps.models import Application, Environment, Project, Release, ReleaseProposal
from apps.schemas import one_of
from apps.selectors.secrets import latest_secrets
from apps.services.environments import announce, ensure_application, ensure_environment
from apps.services.freezes import heed_freeze
from apps.services.observe import observed_environment
from apps.services.pins import pinned_config, pinned_secret
from apps.services.placement import Placed, place
from apps.services.proposals import propose, proposing_word
from apps.services.protection import at_once
from apps.services.rows import name_of, person
from apps.services.submit import prepare, submit, trimmed, withdraw
from apps.spec import AppSpec
from clusters.models import Cluster
from paas.core import audit
from paas.core.errors import Invalid
from paas.core.permissions import Actor, require


@dataclass(frozen=True)
class Deployment:
    """What a deploy came to. `unchanged` names environments that were as declared already; `proposals` are releases of
    protected environments that wait for a second person; `notes` are for people.
    """

    application: Application
    releases: tuple[Release, ...]
    unchanged: tuple[str, ...]
    notes: tuple[str, ...]
    proposals: tuple[ReleaseProposal, ...] = ()


@dataclass(frozen=True)
class Order:
    """What is to be declared, by whom. The release is the `author`'s where another person approved it."""

    file: AppFile
    document: dict[str, Any]
    application: Application
    actor: Actor
    reason: str
    author: Actor = None
    # Why a freeze is passed, by an owner; None heeds it. A rehearsal does neither.
    override: str | None = None
    rehearsal: bool = False
    # What would be proposed is carried out, and undone by the caller.
    foreseen: bool = False


def deploy(
    *,
    project: Project,
    app_file: AppFile,
    actor: Actor,
    reason: str = "",
    environments: Collection[str] | None = None,
    foresee: bool = False,
    override_freeze: bool = False,
) -> Deployment:
    """Declare an application as its file says, in all its environments or in those named. In a protected one it is
    proposed.

    An environment that the file no longer has is left alone and noted.

    Args:
        foresee: carry out what would be proposed as well, for a caller who undoes it all.
        override_freeze: release in spite of a freeze; for owners, with a reason.

    Raises:
        Invalid: `project_mismatch`, `environment_unknown`, `cluster_unknown`, the codes of the renderer and of
            `pins.pinned_config`, …
        Conflict: `application_retiring`, `frozen`, `host_taken`, the codes of `placement.place`, …
    """
    require(actor, "deploy", project)
    if app_file.project != project.name:
        raise Invalid(
            "project_mismatch",
            _("The app file is for project '%(given)s', not '%(project)s'."),
            params={"given": app_file.project, "project": project},
        )
    names = _names(app_file, environments)
    with transaction.atomic():
        application = ensure_application(project, app_file.name, actor)
        document = app_file.model_dump(mode="json", exclude_unset=True)
        override = reason if override_freeze else None
        order = Order(app_file, document, application, actor, reason, override=override, foreseen=foresee)
        releases, unchanged, proposals, notes = [], [], [], _left_over(order)
        for name in names:
            environment = ensure_environment(application, name, actor)
            proposal, said = (None, []) if foresee else _proposed(order, environment)
            notes += said
            if proposal is not None:
                proposals.append(proposal)
                continue
            release, said = carry_out(order, environment)
            notes += said
            releases.append(release) if release else unchanged.append(name)
        if application.app_file != document and len(proposals) < len(names):
            application.app_file = document
            application.save_version("app_file")
        announce(application)
    return Deployment(application, tuple(releases), tuple(unchanged), tuple(notes), tuple(proposals))


def _proposed(order: Order, environment: Environment) -> tuple[ReleaseProposal | None, list[str]]:
    """The proposal that a protected environment gets in place of a release, where there would be one."""
    if not environment.protected:
        return None, []
    require(order.actor, proposing_word(order.actor), environment)
    return propose(
        environment,
        lambda: carry_out(replace(order, rehearsal=True), copy(environment)),
        document=order.document,
        actor=order.actor,
        reason=order.reason,
    )


def _names(file: AppFile, chosen: Collection[str] | None) -> list[str]:
    for name in chosen or ():
        if name not in file.environments:
            raise Invalid(
                "environment_unknown",
                _("The app file has no environment '%(name)s'."),
                rule=_("Expected %(expected)s."),
                params={"name": name, "expected": one_of(file.environments, name)},
            )
    return sorted(set(chosen) if chosen else file.environments)


def _left_over(order: Order) -> list[str]:
    there = order.application.environments.filter(retired_at=None, retiring_at=None).values_list("name", flat=True)
    return [
        f"{name} is not in the app file: it is left as it is; retire it to remove it."
        for name in sorted(set(there) - set(order.file.environments))
    ]


def carry_out(order: Order, environment: Environment) -> tuple[Release | None, list[str]]:
    """The new release, or None where the environment is as declared already; and notes. The caller holds the
    application's lock, and has seen to it that the release may be made.
    """
    if environment.protected:
        require(
            order.actor, proposing_word(order.actor) if order.rehearsal or order.foreseen else "release", environment
        )
    entry = order.document["environments"][environment.name]
    placement = {key: entry[key] for key in PLACEMENT if key in entry}
    placed = place(environment, placement)
    candidate = _spec(order, environment, placed.clusters)
    prepared = prepare(environment, candidate, placed.clusters, placed.targets)
    spec = trimmed(candidate, prepared)
    notes = list(placed.notes)
    current = environment.current_release
    if current is not None and same(AppSpec.from_json(current.spec), spec, placed.clusters):
        # Not what was rendered above, whose tasks are those of a release that will not be.
        spec = AppSpec.from_json(current.spec)
        notes += move(environment, spec, placement, placed, actor=order.actor, reason=order.reason)
        return None, notes
    if not order.rehearsal:
        heed_freeze(environment, order.actor, order.override)
    left = withdraw(environment, keep=placed.clusters)
    release = create_release(environment, spec, order.document, actor=order.author or order.actor, reason=order.reason)
    notes += submit(environment, spec, prepared, actor=order.actor)
    change(environment, release, placement=placement)
    after = {
        "application": order.application.name,
        "release": release.number,
        "image": release.image,
        "clusters": [each.name for each in placed.clusters],
        **({"left": left} if left else {}),
    }
    before = {"release": current.number if current else None, "image": current.image if current else None}
    audit.record(
        actor=order.actor,
        action="environment.deployed",
        target=environment,
        before=before,
        after=after,
        reason=order.reason,
    )
    return release, notes


def move(
    environment: Environment,
    spec: AppSpec,
    placement: dict[str, Any],
    placed: Placed,
    *,
    actor: Actor,
    reason: str,
) -> list[str]:
    """The same release on other clusters or with other shares; what stays with what it has is not rendered anew."""
    changed = [each for each in placed.clusters if each.pk in placed.fresh | placed.redivided]
    prepared = prepare(environment, spec, changed, placed.targets)
    left = withdraw(environment, keep=placed.clusters)
    if not changed and not left and environment.placement == placement:
        return []
    at_once(environment, actor, reason)
    notes = submit(environment, spec, prepared, actor=actor)
    told = {"placement": environment.placement}
    change(environment, environment.current_release, placement=placement)
    audit.record(
        actor=actor,
        action="environment.placed",
        target=environment,
        before=told,
        after={
            "placement": placement,
            "added": [each.name for each in changed if each.pk in placed.fresh],
            "redivided": [each.name for each in changed if each.pk in placed.redivided],
            "left": left,
        },
        reason=reason,
    )
    return notes


def _spec(order: Order, environment: Environment, clusters: Iterable[Cluster]) -> AppSpec:
    """With config and every secret in force pinned; `trimmed` leaves the secrets that are used."""
    pinned = {each.name: pinned_secret(each) for each in latest_secrets(environment)}
    return spec_for(
        order.file,
        environment.name,
        team=order.application.project.team.name,
        namespace=environment.namespace,
        release=next_label(environment),
        secrets=pinned,
        config=pinned_config(environment, clusters),
    )


def same(one: AppSpec, other: AppSpec, clusters: Iterable[Cluster]) -> bool:
    """Whether two specs differ in nothing on these clusters but the label of their release and how it came about."""
    alike = {"release": "", "rolled_back": False, "config": {}}
    return {**one.to_json(), **alike} == {**other.to_json(), **alike} and all(
        one.config.get(each.name, {}) == other.config.get(each.name, {}) for each in clusters
    )


def next_label(environment: Environment) -> str:
    """What the next release will be called on its objects: "r8"."""
    return f"r{_next_number(environment)}"


def create_release(
    environment: Environment,
    spec: AppSpec,
    document: dict[str, Any],
    *,
    actor: Actor,
    reason: str,
    rolled_back_to: Release | None = None,
) -> Release:
    """Write the row; the application's lock makes the number unique."""
    return Release.objects.create(
        environment=environment,
        number=_next_number(environment),
        image=spec.image,
        spec=spec.to_json(),
        app_file=document,
        secrets={name: int(pinned.version.removeprefix("v")) for name, pinned in spec.secrets.items()},
        created_by=person(actor),
        created_by_name=name_of(actor),
        reason=reason,
        rolled_back_to=rolled_back_to,
    )


def change(environment: Environment, release: Release | None, *, placement: dict[str, Any] | None = None) -> None:
    """What is desired has changed: another generation, whose status is added up once the transaction commits."""
    environment.current_release = release
    environment.generation += 1
    if placement is not None:
        environment.placement = placement
    environment.save_version("current_release", "generation", "placement")
    observed_environment(environment.pk)


def release_where_it_is(
    environment: Environment,
    spec: AppSpec,
    clusters: Collection[Cluster],
    document: dict[str, Any],
    *,
    actor: Actor,
    reason: str,
    rolled_back_to: Release | None = None,
) -> tuple[Release, list[str]]:
    """A release with this spec on the clusters that the environment is on, desired from now on; and notes of what was
    left out.
    """
    spec = replace(spec, release=next_label(environment))
    prepared = prepare(environment, spec, clusters)
    release = create_release(environment, spec, document, actor=actor, reason=reason, rolled_back_to=rolled_back_to)
    notes = submit(environment, spec, prepared, actor=actor)
    change(environment, release)
    return release, notes


def _next_number(environment: Environment) -> int:
    last = Release.objects.filter(environment=environment).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1
