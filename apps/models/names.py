"""The rule for names that become parts of Kubernetes names: the same as in the app file."""

from __future__ import annotations

from django.core.validators import RegexValidator

NAME = RegexValidator(
    r"\A[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z",
    "1 to 63 lower-case letters, digits and dashes, beginning with a letter, ending with a letter or digit.",
)
