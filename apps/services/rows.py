"""How services write and lock rows: checked by the model, and with a refusal where a name is taken."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from paas.core.errors import Conflict, Invalid
from paas.core.permissions import Actor, not_found, signed_in
from paas.identity.models import User

Row = TypeVar("Row", bound=models.Model)


def insert(row: Row, *, taken: Conflict) -> Row:
    """Check and write a new row. Raises Invalid `<noun>_invalid`, or `taken` where a constraint forbids it."""
    noun = str(row._meta.verbose_name).replace(" ", "_")
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


def locked(row: Row) -> Row:
    """The row as it is now, held until the transaction ends; rows that refer to it can still be written."""
    model = type(row)
    found = model._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=row.pk).first()
    if found is None:
        raise not_found(model)
    return found


def person(actor: Actor) -> User | None:
    """Who did it, for a column."""
    found = signed_in(actor)
    return found if isinstance(found, User) else None


def name_of(actor: Actor) -> str:
    """Their name, which stays when the person is gone."""
    found = signed_in(actor)
    return found.get_username() if found else "system"
