"""What an API server's refusal means to a person: a CamelCase reason and a sentence. Pure."""

from __future__ import annotations

import re
from http import HTTPStatus

from clusters.faults import ApiRefused

# (pattern in the message, reason), the first that matches; texts are those of Kubernetes 1.34's own admission plugins.
_BY_TEXT = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"dougong-fence:", "FenceRefused"),
        (r"dougong-registries:", "RegistryNotAllowed"),
        (r"exceeded quota|failed quota", "QuotaExceeded"),
        (r"violates PodSecurity", "PodSecurityViolated"),
        (r"(minimum|maximum) \S+ usage per|limit to request ratio per", "LimitRangeViolated"),
        (r"admission webhook .* denied the request", "WebhookDenied"),
        (r"failed calling webhook", "WebhookFailed"),
        (r"ValidatingAdmissionPolicy", "PolicyDenied"),
        (r"is immutable|may not change once set|updates to \S+ spec for fields other than", "ImmutableField"),
        (r"is being terminated", "NamespaceTerminating"),
        (r"namespaces \"[^\"]*\" not found", "NamespaceNotFound"),
        (r"field not declared in schema|unknown field", "UnknownField"),
    )
)
_BY_STATUS: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "PermissionDenied",
    HTTPStatus.NOT_FOUND: "NotFound",
    HTTPStatus.CONFLICT: "FieldConflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "TooLarge",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Invalid",
    HTTPStatus.TOO_MANY_REQUESTS: "TooManyRequests",
}


def reason_in(message: str) -> str:
    """The reason that a message tells by its words, also where it was said to somebody else; "" where it tells none."""
    return next((reason for pattern, reason in _BY_TEXT if pattern.search(message)), "")


def explain(refusal: ApiRefused) -> tuple[str, str]:
    """Reason and message of a condition for this refusal."""
    reason = reason_in(refusal.message)
    if not reason:
        otherwise = "ServerError" if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "Refused"
        reason = _BY_STATUS.get(refusal.status, otherwise)
    return reason, refusal.message or f"The API server answered {refusal.status} {refusal.reason}."
