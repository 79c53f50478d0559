"""A change of protected keys that waits: shown to a second person, who accepts or declines it with a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from apps import services
from apps.admin.config_shown import proposal as shown
from apps.admin.layers import editable, frame, layer_page
from apps.admin.views import acted, decisions, page
from apps.models import ConfigProposal
from apps.selectors import config as layers
from paas.core.forms import ReasonForm
from paas.core.pages import found


def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is proposed and by whom; Accept and Decline, or for who proposed it Take back."""
    proposal = get_object_or_404(layers.proposals_of(request.user), pk=pk)
    scope = found(lambda: layers.scope_by_id(proposal.scope, proposal.scope_id))
    form = ReasonForm(request.POST if request.method == "POST" else None)
    accepts = request.POST.get("act") == "accept"

    def act(said: dict[str, Any]) -> str:
        if not accepts:
            services.refuse_proposal(proposal=proposal, actor=request.user, reason=said["reason"])
            return _("It is declined: nothing has changed.")
        changed = services.accept_proposal(proposal=proposal, actor=request.user, reason=said["reason"])
        return _("It is accepted. Environments released: %(number)s.") % {"number": len(changed.releases)}

    if answer := acted(request, form, act, done=layer_page(scope)):
        return answer
    mine = proposal.proposed_by_name == request.user.get_username()
    context = {
        "title": _("Proposed change of %(layer)s") % {"layer": scope},
        **frame(scope),
        "scope": scope,
        "proposal": proposal,
        "shown": shown(proposal),
        "open": proposal.state == ConfigProposal.State.OPEN,
        "mine": mine,
        "decides": editable(request.user, scope),
        "buttons": decisions("accept", _("Accept"), mine=mine),
        "form": form,
        "back": layer_page(scope),
    }
    return page(request, "applications/config_proposal.html", context)
