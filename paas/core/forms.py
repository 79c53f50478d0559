"""Forms that every room of the console needs: why something is done, and a name typed out where it is for good."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget


class ReasonForm(forms.Form):
    """Why, for the audit trail."""

    reason = forms.CharField(
        required=False,
        max_length=2000,
        label=gettext_lazy("Reason, for the audit trail"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


class TypedNameForm(forms.Form):
    """Valid only with the `expected` name typed out. `console/typed_name.html` shows it under what would be lost."""

    asked: ClassVar[Any]

    name = forms.CharField(max_length=253, widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}))

    def __init__(self, *given: Any, expected: str, **options: Any) -> None:
        super().__init__(*given, **options)
        self.expected = expected
        self.fields["name"].label = self.asked

    def clean_name(self) -> str:
        """The name, letter for letter."""
        name = str(self.cleaned_data["name"])
        if name != self.expected:
            raise forms.ValidationError(gettext("This is not the name that is asked for."))
        return name
