"""What an API server's refusal means to a person: a CamelCase reason and a sentence. Pure."""

from __future__ import annotations

from clusters.faults import ApiRefused

# (text in the message, reason), the first that matches; texts are those of Kubernetes 1.34's own admission plugins.
_BY_TEXT = (
    ("exceeded quota", "QuotaExceeded"),
    ("failed quota", "QuotaExceeded"),
    ("violates PodSecurity", "PodSecurityViolated"),
    ("denied the request", "WebhookDenied"),
    ("failed calling webhook", "WebhookFailed"),
    ("ValidatingAdmissionPolicy", "PolicyDenied"),
    ("field is immutable", "ImmutableField"),
    ("is being terminated", "NamespaceTerminating"),
)
_BY_STATUS = {
    403: "PermissionDenied", 404: "NotFound", 409: "FieldConflict", 413: "TooLarge", 422: "Invalid", 429: "TooManyRequests",
}  # fmt: skip


def explain(refusal: ApiRefused) -> tuple[str, str]:
    """Reason and message of a condition for this refusal."""
    reason = next((reason for text, reason in _BY_TEXT if text in refusal.message), "")
    if not reason and refusal.fenced() is not None:
        reason = "FenceRefused"
    if not reason and "minimum" in refusal.message and "LimitRange" in refusal.message:
        reason = "LimitRangeViolated"
    if not reason:
        reason = _BY_STATUS.get(refusal.status) or ("ServerError" if refusal.status >= 500 else "Refused")
    return reason, refusal.message or f"The API server answered {refusal.status} {refusal.reason}."
