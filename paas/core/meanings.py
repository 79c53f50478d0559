"""What codes mean, in the reader's language: those of refusals, and of actions of the audit trail.

A refusal's own words are English, with what varies in them; they are the API's and stay so there. The console says them
in the reader's language where they were written to be translated (`Refusal.templates`), and else what the code means,
with the English beneath it. Each room registers its codes in its `meanings` module. Called by `site`, `sse` and the
pages of the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from paas.core.errors import Refusal

# A code that is made of a name, such as `team_not_found`, is known by its end.
VARIES = "…"

REFUSALS = {
    "action_unknown": _("There is no permission of this name."),
    "auditor_required": _("Only operators and auditors of the platform may see this."),
    "authentication_failed": _("The token or session is not taken."),
    "body_too_large": _("The request is too large: put large files into the image or a volume."),
    "body_unreadable": _("The request's body cannot be read."),
    "database_unavailable": _("The platform's database does not answer: try again in a moment."),
    "field_unknown": _("It was asked for a field that is not there."),
    "filter_invalid": _("This filter cannot be kept: it has a name and narrows a list."),
    "if_match_required": _("An edit names the version it was made for, in If-Match."),
    "internal_error": _("Something went wrong on our side."),
    "invalid": _("Something in the request is not as it must be."),
    "media_type_unsupported": _("The body is of a type that is not read here."),
    "method_not_allowed": _("This address does not take this method."),
    "not_acceptable": _("The wanted form of the answer is not there."),
    "not_authenticated": _("You are not signed in: sign in."),
    "not_found": _("There is nothing here, or you may not view it."),
    "not_signed_in": _("Only who is signed in keeps filters."),
    "operator_required": _("Only operators of the platform may do this: ask one of them."),
    "permission_denied": _("Your roles do not let you do this: ask an owner for one that does."),
    "reason_required": _("It needs a reason: say why."),
    "role_is_temporary": _("A role that was taken for a time gives nothing that lasts longer."),
    "token_scope": _("The scope of the API token does not reach so far: use a wider one."),
    "too_many_filters": _("You keep as many filters of this list as there may be: remove one first."),
    "too_many_requests": _("There were too many requests: wait a moment."),
    "too_many_streams": _("Too many live views are open: try again later."),
    "version_changed": _(
        "It was changed after you read it: read it again, and repeat your change on what is there now."
    ),
    "watch_without_cursor": _("What is watched is the first page of a list: leave out the cursor."),
    "…_not_found": _("There is no such thing, or you may not view it."),
}

ACTIONS = {
    "filter.removed": _("Filter removed"),
    "filter.saved": _("Filter saved"),
    "message.refused": _("Message refused"),
    "permission.refused": _("Refused for want of permission"),
}

_refusals: dict[str, str] = {}
_actions: dict[str, str] = {}


def register(*, refusals: Mapping[str, str], actions: Mapping[str, str]) -> None:
    """Tell what codes mean, as message ids."""
    _refusals.update(refusals)
    _actions.update(actions)


def of_refusal(code: str) -> str:
    """The sentence for a code, in the reader's language; "" for one that nobody registered."""
    names = (code, *(f"{VARIES}{code[at:]}" for at, letter in enumerate(code) if letter == "_"))
    return next((gettext(_refusals[name]) for name in names if name in _refusals), "")


def of_action(action: str) -> str:
    """The words for an action of the audit trail, in the reader's language; itself where nobody registered it."""
    return gettext(_actions[action]) if action in _actions else action


def spoken(template: str, params: Mapping[str, object]) -> str:
    """A text of a refusal in the reader's language; "" where it is not there in it."""
    if not template:
        return ""
    told = gettext(template)
    if told == template and not (get_language() or "en").startswith("en"):
        return ""
    return told % params if params else told


def message(refusal: Refusal) -> str:
    """What was refused, in the reader's language: in its own words, or else what its code means."""
    return spoken(refusal.templates[0], refusal.params) or of_refusal(refusal.code) or refusal.message


register(refusals=REFUSALS, actions=ACTIONS)
