"""What `apps` and the delivery loop call each other: the kind of owner, the names of its Works, the scheme of secrets.

Pure.
"""

from __future__ import annotations

OWNER_KIND = "environment"
SECRET_SCHEME = "secret"  # noqa: S105 - the name of a scheme
GROUND = "ground"
APPLICATION = "application"


def channel(application_id: object) -> str:
    """The live channel of an application: hinted at each change of what its pages show."""
    return f"application:{application_id}"


HOME_CHANNEL = "applications"
"""The live channel of lists of applications."""


def secret_reference(version_id: object, key: str) -> str:
    """How a manifest names one value of a stored secret version."""
    return f"{SECRET_SCHEME}:{version_id}/{key}"
