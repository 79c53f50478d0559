"""What people fill in about secrets. A value is written and never rendered again, not even after a mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.models.names import NAME
from paas.core.forms import ReasonForm, TypedNameForm

MORE_ROWS = 3
MOST_ROWS = 200
MOST_DAYS = 36_500


class UnseenWidget(UnfoldAdminTextareaWidget):  # type: ignore[misc]  # unfold carries no types
    """Lines that are dotted out as they are typed, and left out of every page."""

    def __init__(self) -> None:
        super().__init__({"rows": 1, "autocomplete": "off", "spellcheck": "false", "class": "dg-unseen"})

    def format_value(self, value: Any) -> str:
        """Nothing, whatever was typed."""
        return ""


class StoreForm(forms.Form):
    """A version of a secret, but for its values. `version` is that of the secret as it was read, 0 of none."""

    name = forms.CharField(
        max_length=63,
        validators=[NAME],
        label=gettext_lazy("Secret"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    store = forms.CharField(
        required=False,
        max_length=253,
        label=gettext_lazy("A store outside that has the values: each value above then says where it is there"),
        help_text=gettext_lazy("Empty: the values are stored here, encrypted."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    max_age_days = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_DAYS,
        label=gettext_lazy("Overdue after so many days; 0 is never, empty as it was"),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *given: Any, known: bool, taken: Collection[str], **options: Any) -> None:
        """`known`: it is a version of a secret that is there; else a secret that has none of the names `taken`."""
        super().__init__(*given, **options)
        self.taken = () if known else taken
        self.fields["name"].disabled = known

    def clean_name(self) -> str:
        """Of a new secret one that is free."""
        name = str(self.cleaned_data["name"])
        if name in self.taken:
            raise forms.ValidationError(gettext("There is such a secret: store its next version from its own page."))
        return name


class ValueForm(forms.Form):
    """A key and its value; a row without a key says nothing."""

    key = forms.CharField(
        required=False,
        max_length=253,
        label=gettext_lazy("Key"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
    )
    value = forms.CharField(required=False, strip=False, label=gettext_lazy("Value"), widget=UnseenWidget())

    def clean_value(self) -> str:
        """As it was typed: browsers send lines apart by two characters."""
        return str(self.cleaned_data["value"]).replace("\r\n", "\n")


class Values(forms.BaseFormSet[ValueForm]):
    """Keys with their values."""

    def clean(self) -> None:
        """Each key once, each value with a key, and something at all."""
        if any(self.errors):
            return
        rows = [each.cleaned_data for each in self.forms if each.cleaned_data]
        keys = [row["key"] for row in rows if row["key"]]
        if any(row["value"] and not row["key"] for row in rows):
            raise forms.ValidationError(gettext("A value has no key."))
        if len(set(keys)) < len(keys):
            raise forms.ValidationError(gettext("A key is there twice."))
        if empty := [row["key"] for row in rows if row["key"] and not row["value"]]:
            said = gettext("%(keys)s: type the value again; a version has the values of all its keys.")
            raise forms.ValidationError(said % {"keys": ", ".join(empty)[:200]})

    @property
    def given(self) -> dict[str, str]:
        """Values by key."""
        rows = (each.cleaned_data for each in self.forms if each.cleaned_data)
        return {row["key"]: row["value"] for row in rows if row["key"]}


_ValueFormSet = forms.formset_factory(
    ValueForm, formset=Values, extra=MORE_ROWS, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
)


def values_form(sent: QueryDict | None, keys: Iterable[str]) -> Values:
    """Rows with these keys and some more."""
    return cast(Values, _ValueFormSet(sent, prefix="values", initial=[{"key": key} for key in keys]))


class RevokeForm(TypedNameForm, ReasonForm):
    """The name of a secret typed out, and why. `version` is that of the secret as it was read."""

    asked = gettext_lazy("To confirm, type the name of the secret:")

    release = forms.BooleanField(
        required=False,
        label=gettext_lazy("Release its successor where it is in use"),
        widget=UnfoldBooleanWidget,
    )
    force = forms.BooleanField(
        required=False,
        label=gettext_lazy("Also where it is in use and has no successor: what runs breaks when it starts anew"),
        widget=UnfoldBooleanWidget,
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
