"""What people fill in about applications."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.appfile import AppFile, parse
from apps.document import LARGEST
from apps.models import Environment, Project
from apps.problems import ProblemsError
from apps.wording import in_words_of
from paas.core.forms import ReasonForm, TypedNameForm
from paas.identity.models import Team


class ProjectForm(forms.ModelForm[Project]):
    """A new project; the teams to choose from are set by the page."""

    team = forms.ModelChoiceField(Team.objects.none(), widget=UnfoldAdminSelectWidget())

    class Meta:
        model = Project
        fields = ["team", "name", "title"]


class OverrideForm(ReasonForm):
    """Why, and whether in spite of a freeze."""

    override_freeze = forms.BooleanField(
        required=False,
        label=gettext_lazy("In spite of a freeze, as an owner who says why"),
        widget=UnfoldBooleanWidget(),
    )


class FreezeForm(forms.Form):
    """A time in which nothing new is released. `teams` are those that the person owns."""

    team = forms.ChoiceField(label=gettext_lazy("Whose environments"), widget=UnfoldAdminSelectWidget())
    environments = forms.CharField(
        required=False,
        max_length=3000,
        label=gettext_lazy("Environments, by name; none are all that are protected"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    starts = forms.CharField(
        max_length=40, label=gettext_lazy("From"), widget=UnfoldAdminTextInputWidget({"type": "datetime-local"})
    )
    ends = forms.CharField(
        max_length=40, label=gettext_lazy("Until"), widget=UnfoldAdminTextInputWidget({"type": "datetime-local"})
    )
    time_zone = forms.CharField(
        max_length=64, initial="UTC", label=gettext_lazy("Time zone"), widget=UnfoldAdminTextInputWidget()
    )
    reason = forms.CharField(
        max_length=2000,
        label=gettext_lazy("Reason; it is told to whoever is refused"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )

    def __init__(self, *given: Any, teams: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*given, **options)
        cast(forms.ChoiceField, self.fields["team"]).choices = teams

    def clean_environments(self) -> list[str]:
        """One name after the other, with blanks or commas between."""
        return str(self.cleaned_data["environments"]).replace(",", " ").split()


class RetireForm(TypedNameForm, ReasonForm):
    """The name of an application typed out, and why."""

    asked = gettext_lazy("To confirm, type the name of the application:")


class RetireEnvironmentForm(RetireForm):
    """The name of an environment typed out, and why."""

    asked = gettext_lazy("To confirm, type the name of the environment:")


class DeployForm(OverrideForm):
    """An app file as text."""

    file = forms.CharField(
        max_length=LARGEST,
        strip=False,
        label=gettext_lazy("App file"),
        widget=UnfoldAdminTextareaWidget({"rows": 24, "spellcheck": "false", "class": "dg-mono"}),
    )
    field_order = ("file", "reason", "override_freeze")

    def clean_file(self) -> AppFile:
        """As it was read; everything that is wrong with it, a line each, in the reader's language."""
        with in_words_of(gettext):
            try:
                return parse(self.cleaned_data["file"])
            except ProblemsError as error:
                raise forms.ValidationError([str(each) for each in error.problems]) from None


class PlacementForm(ReasonForm):
    """Where an environment is to run. `version` is that of the environment as the page showed it."""

    version = forms.IntegerField(widget=forms.HiddenInput())
    clusters = forms.MultipleChoiceField(
        required=False, label=gettext_lazy("On these clusters"), widget=forms.CheckboxSelectMultiple()
    )
    selector = forms.CharField(
        required=False,
        max_length=4000,
        label=gettext_lazy("Or on all clusters with these labels"),
        help_text=gettext_lazy("One a line, as key=value."),
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )
    replicas = forms.ChoiceField(
        label=gettext_lazy("Replicas"),
        choices=[
            ("duplicated", gettext_lazy("duplicated: all of them on each cluster")),
            ("divided", gettext_lazy("divided: a part of them on each cluster")),
        ],
        widget=UnfoldAdminSelectWidget(),
    )
    weights = forms.CharField(
        required=False,
        max_length=4000,
        label=gettext_lazy("Weights, where they are divided"),
        help_text=gettext_lazy("One a line, as cluster=number; a cluster that is left out has the weight 1."),
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )

    def __init__(self, *given: Any, clusters: list[str], **options: Any) -> None:
        super().__init__(*given, **options)
        cast(forms.ChoiceField, self.fields["clusters"]).choices = [(name, name) for name in clusters]

    @staticmethod
    def initial_of(environment: Environment) -> dict[str, Any]:
        """As it is placed now."""
        now = environment.placement
        return {
            "version": environment.version,
            "clusters": now.get("clusters", []),
            "selector": _lines(now.get("selector") or {}),
            "replicas": now.get("replicas", "duplicated"),
            "weights": _lines(now.get("weights") or {}),
        }

    @property
    def texts(self) -> list[forms.BoundField]:
        """The fields that are laid out alike."""
        return [self[name] for name in ("selector", "replicas", "weights", "reason")]

    @property
    def placement(self) -> dict[str, Any]:
        """What was filled in, in the form of an app file."""
        said = self.cleaned_data
        found: dict[str, Any] = {"clusters": said["clusters"]} if said["clusters"] else {}
        if said["selector"]:
            found["selector"] = said["selector"]
        if said["replicas"] == "divided":
            found["replicas"] = "divided"
        return {**found, "weights": said["weights"]} if said["weights"] else found

    def clean_selector(self) -> dict[str, str]:
        """As a mapping."""
        return _pairs(self.cleaned_data["selector"])

    def clean_weights(self) -> dict[str, int]:
        """As numbers; what none can be the service refuses."""
        pairs = _pairs(self.cleaned_data["weights"])
        if wrong := next((text for text in pairs.values() if not text.isdecimal() or len(text) > LONGEST_WEIGHT), None):
            raise forms.ValidationError(gettext("'%(text)s' is no weight.") % {"text": wrong[:80]})
        return {name: int(text) for name, text in pairs.items()}


LONGEST_WEIGHT = 4


def _lines(pairs: dict[str, Any]) -> str:
    return "\n".join(f"{key}={value}" for key, value in pairs.items())


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        key, sign, value = line.partition("=")
        if not sign:
            raise forms.ValidationError(gettext("'%(line)s' is not of the form key=value.") % {"line": line[:80]})
        found[key.strip()] = value.strip()
    return found
