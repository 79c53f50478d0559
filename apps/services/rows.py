"""How services write rows: checked by the model, with a refusal where a name is taken, and with who did it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from paas.core.errors import Conflict, Invalid
from paas.core.permissions import Actor, signed_in
from paas.core.rows import Row
from paas.identity.models import User


def insert(row: Row, *, taken: Conflict) -> Row:
    """Check and write a new row. Raises Invalid `<noun>_invalid`, or `taken` where a constraint forbids it."""
    noun = str(row._meta.verbose_name_raw).replace(" ", "_")
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            row.save(force_insert=True)
    except ValidationError as error:
        found = [
            {"path": field, "code": "invalid", "message": " ".join(messages)}
            for field, messages in error.message_dict.items()
        ]
        text = " ".join(f"{each['path']}: {each['message']}" for each in found)
        raise Invalid(f"{noun}_invalid", text, details={"errors": found}) from None
    except IntegrityError:
        raise taken from None
    return row


def person(actor: Actor) -> User | None:
    """Who did it, for a column."""
    found = signed_in(actor)
    return found if isinstance(found, User) else None


def name_of(actor: Actor) -> str:
    """Their name, which stays when the person is gone."""
    found = signed_in(actor)
    return found.get_username() if found else "system"
