"""Releases of protected environments that wait for a second person: the live list, the decision, and the protection."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps import selectors, services
from apps.admin.differences import between, facts, lines
from apps.admin.forms import OverrideForm
from apps.admin.images import short
from apps.admin.views import acted, application_page, decisions, denied, page, streamed
from apps.delivery import APPROVALS_CHANNEL
from apps.models import Application, Environment, Release, ReleaseProposal
from apps.selectors.freezes import in_force
from apps.selectors.proposals import over, proposals_of, waiting
from paas.core.forms import ReasonForm
from paas.core.permissions import Actor, allowed, fresh
from paas.core.site import register_view
from paas.core.sse import stream

MOST_DECIDED = 20
STANDINGS = {
    "Pending": gettext_lazy("Pending"),
    "Approved": gettext_lazy("Approved"),
    "Declined": gettext_lazy("Declined"),
    "Superseded": gettext_lazy("Superseded"),
    "Expired": gettext_lazy("Expired"),
}


def context(actor: Actor) -> dict[str, Any]:
    """What waits, the oldest first, and what was decided last."""
    return {
        "waiting": [_row(each) for each in waiting(actor).order_by("created_at")],
        "over": [_row(each) for each in over(actor)[:MOST_DECIDED]],
    }


def list_view(request: HttpRequest) -> HttpResponse:
    """The list."""
    shown = {"title": _("Approvals"), "live": reverse("admin:approvals_live")}
    return page(request, "applications/approvals.html", {**shown, **context(request.user)})


def live_view(request: HttpRequest) -> HttpResponseBase:
    """The list as it changes."""

    def read() -> dict[str, Any]:
        return {"html": render_to_string("applications/approvals_live.html", context(fresh(request.user)))}

    return streamed(lambda: stream(read, APPROVALS_CHANNEL))


def decide_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What would change, by whom and why; Approve and Decline, or for who proposed it Take back."""
    proposal = get_object_or_404(proposals_of(request.user).defer(None), pk=pk)
    environment = proposal.environment
    form = OverrideForm(request.POST if request.method == "POST" else None)

    def act(said: dict[str, Any]) -> str:
        order: dict[str, Any] = {"proposal": proposal, "actor": request.user, "reason": said["reason"]}
        if request.POST.get("act") != "approve":
            services.decline_release(**order)
            return _("It is declined: nothing has changed.")
        made = services.approve_release(**order, override_freeze=said["override_freeze"])
        return _("%(environment)s is released as %(release)s.") % {"environment": environment, "release": made}

    if answer := acted(request, form, act, done=reverse("admin:approvals")):
        return answer
    mine = proposal.proposed_by == request.user
    shown = {
        "title": _("Proposed release of %(environment)s") % {"environment": environment},
        "opts": Application._meta,
        "original": environment.application,
        "proposal": proposal,
        "open": getattr(proposal, "standing", "") == ReleaseProposal.State.PENDING,
        "mine": mine,
        "decides": allowed(request.user, "release", environment),
        "buttons": decisions("approve", _("Approve"), mine=mine),
        "back": reverse("admin:approvals"),
        "form": form,
        "differing": _differing(proposal),
        "freeze": in_force(environment),
    }
    return page(request, "applications/approval.html", shown)


def protection_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Whether an environment is protected, and for its owners the act that changes it."""
    environment = get_object_or_404(selectors.environments_of(request.user), pk=pk)
    back = application_page(environment.application_id)
    if request.method == "POST" and (refusal := denied(request, "own", environment, back=back)):
        return refusal
    form = ReasonForm(request.POST if request.method == "POST" else None)

    def act(said: dict[str, Any]) -> str:
        made = services.protect_environment(
            environment=environment, protected=not environment.protected, actor=request.user, reason=said["reason"]
        )
        told = _("%(environment)s is protected now.") if made.protected else _("%(environment)s is not protected now.")
        return told % {"environment": made}

    if answer := acted(request, form, act, done=back):
        return answer
    shown = {
        "title": _("Protection of %(environment)s") % {"environment": environment},
        "opts": Application._meta,
        "original": environment.application,
        "environment": environment,
        "owns": allowed(request.user, "own", environment),
        "form": form,
    }
    return page(request, "applications/protection.html", shown)


def _row(proposal: ReleaseProposal) -> dict[str, Any]:
    return {
        "proposal": proposal,
        "standing": STANDINGS[getattr(proposal, "standing", proposal.state)],
        "image": short(proposal.image),
        "href": reverse("admin:approval", args=[proposal.pk]),
    }


def _differing(proposal: ReleaseProposal) -> dict[str, Any]:
    """From what ran when it was proposed to what is proposed: see applications/difference.html."""
    new = proposal.as_release()
    base = proposal.based_on
    if base is None:
        nothing = Release(image="", spec={}, secrets={}, app_file={})
        return {"facts": facts(nothing, new), "lines": list(lines(nothing, new))}
    environment = Environment.objects.get(pk=proposal.environment_id)
    old = Release.objects.get(pk=base.pk)
    return between(old, new, environment)


register_view("approvals/", list_view, name="approvals")
register_view("approvals-live/", live_view, name="approvals_live")
register_view("approvals/<uuid:pk>/", decide_view, name="approval")
register_view("environments/<uuid:pk>/protection/", protection_view, name="environment_protection")
