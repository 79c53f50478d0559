"""What people fill in about applications."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.models import Project
from paas.identity.models import Team


class ProjectForm(forms.ModelForm[Project]):
    """A new project; the teams to choose from are set by the page."""

    team = forms.ModelChoiceField(Team.objects.none(), widget=UnfoldAdminSelectWidget())

    class Meta:
        model = Project
        fields = ["team", "name", "title"]


class ReasonForm(forms.Form):
    """Why, for the audit trail."""

    reason = forms.CharField(
        required=False,
        max_length=2000,
        label=gettext_lazy("Reason, for the audit trail"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


class RetireForm(ReasonForm):
    """The name typed out."""

    name = forms.CharField(max_length=63, widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}))
