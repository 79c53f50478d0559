"""What people fill in about clusters. A pasted credential is never sent back to the page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from clusters.models import Cluster
from paas.core.forms import ReasonForm, TypedNameForm


class SealedTextarea(UnfoldAdminTextareaWidget):  # type: ignore[misc]  # unfold carries no types
    """A field that is empty whenever it is shown, after a mistake elsewhere in the form too."""

    def format_value(self, value: Any) -> str:
        """Nothing."""
        return ""


class LabelsField(forms.CharField):
    """Labels, `key=value` one a line."""

    def __init__(self, **options: Any) -> None:
        options = {"label": _("Labels"), "help_text": _("One a line, as key=value."), **options}
        super().__init__(required=False, widget=UnfoldAdminTextareaWidget({"rows": 3}), **options)

    def prepare_value(self, value: Any) -> Any:
        """As text."""
        return "\n".join(f"{key}={text}" for key, text in value.items()) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:
        """As a mapping; what is no label the service refuses."""
        labels: dict[str, str] = {}
        for line in filter(None, (line.strip() for line in str(super().clean(value)).splitlines())):
            key, sign, text = line.partition("=")
            if not sign:
                raise forms.ValidationError(gettext("'%(line)s' is not of the form key=value.") % {"line": line[:80]})
            labels[key.strip()] = text.strip()
        return labels


class RegisterForm(forms.ModelForm[Cluster]):
    """A new cluster by its kubeconfig."""

    kubeconfig = forms.CharField(
        strip=False,
        max_length=131_072,
        widget=SealedTextarea({"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_(
            "The whole file, with its certificates and credential as data: kubectl config view --raw --flatten. "
            "Stored encrypted, shown to nobody. A narrow account of its own is made by `dougong cluster join` instead."
        ),
    )
    context = forms.CharField(
        label=_("Context"),
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Of the file; its current one if left empty."),
    )
    labels = LabelsField()

    class Meta:
        model = Cluster
        fields = ["name", "labels"]


class LabelsForm(forms.Form):
    """The labels of a cluster."""

    labels = LabelsField()


class CredentialForm(forms.Form):
    """Another credential, by kubeconfig."""

    kubeconfig = forms.CharField(strip=False, max_length=131_072, widget=SealedTextarea({"rows": 8}))


class UnregisterForm(TypedNameForm, ReasonForm):
    """What becomes of what is ours, the name of the cluster typed out, and why."""

    asked = _("To confirm, type the name of the cluster:")

    fate = forms.ChoiceField(
        choices=[
            (
                "remove",
                _("Remove everything of ours from the cluster, namespaces and volumes included, then unregister."),
            ),
            ("leave", _("Leave everything running, unmanaged, and unregister now.")),
        ],
        widget=forms.RadioSelect,
    )


class LetGoForm(TypedNameForm, ReasonForm):
    """The name of a held object typed out, and why."""

    asked = _("To confirm, type the name of the object:")
