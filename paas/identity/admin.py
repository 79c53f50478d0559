"""People and teams in the console, written through the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from unfold.widgets import UnfoldAdminPasswordToggleWidget

from paas.core.errors import Refusal
from paas.core.permissions import is_operator
from paas.core.site import (
    ConsoleModelAdmin,
    NavigationItem,
    column,
    console,
    refused,
    register_navigation,
    register_view,
)
from paas.identity import pages, services  # noqa: F401 - pages registers its views
from paas.identity.member_pages import members_page
from paas.identity.models import OPERATORS, Team, User
from paas.identity.person_pages import factors, reset_page
from paas.identity.roles import members


class NewUserForm(forms.ModelForm[User]):
    """A person's name and first password."""

    password = forms.CharField(widget=UnfoldAdminPasswordToggleWidget())

    class Meta:
        model = User
        fields = ["username", "email", "password"]


class UserForm(forms.ModelForm[User]):
    """What operators may change of a person."""

    operator = forms.BooleanField(
        required=False, help_text=gettext_lazy("May operate the platform: clusters, delivery, people.")
    )

    class Meta:
        model = User
        fields = ["is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.username:
            self.fields["operator"].initial = self.instance.groups.filter(name=OPERATORS).exists()


@admin.register(User, site=console)
class UserAdmin(ConsoleModelAdmin):
    """People; operators only."""

    create_permission = update_permission = "operate"
    create_twin = "manage.py bootstrap"
    list_display = ["username", "email", "is_active", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["username", "email"]
    form = UserForm

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A new person has a name and a password, one that is there has rights."""
        return super().get_form(request, obj, change, form=UserForm if obj else NewUserForm, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The fields of the form."""
        shown = ["username", "email", "second_factor", "is_active", "operator"]
        return shown if obj else ["username", "email", "password"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Names never change."""
        return ["username", "email", "second_factor"] if obj else []

    def get_urls(self) -> list[URLPattern]:
        """With the page that resets the second factor."""
        own = self.admin_site.admin_view(reset_page)
        return [path("<uuid:pk>/second-factor/", own, name="identity_user_second_factor"), *super().get_urls()]

    @admin.display(description=gettext_lazy("Second factor"))
    def second_factor(self, user: User) -> str:
        """What they have, and the way to its reset."""
        if (has := factors(user)) == _("none"):
            return has
        address = reverse("admin:identity_user_second_factor", args=[user.pk])
        return format_html('{} <a class="underline" href="{}">{}</a>', has, address, _("Reset"))

    def service_create(self, request: HttpRequest, form: ModelForm[Any]) -> User:
        """A new person."""
        return services.create_user(actor=request.user, **form.cleaned_data)

    def service_update(self, request: HttpRequest, obj: User, form: ModelForm[Any]) -> None:
        """Let in, keep out, make an operator."""
        services.set_active(user=obj, active=form.cleaned_data["is_active"], actor=request.user)
        services.set_operator(user=obj, operator=form.cleaned_data["operator"], actor=request.user)


@admin.register(Team, site=console)
class TeamAdmin(ConsoleModelAdmin):
    """The teams one may view. Members have a page of their own."""

    create_permission = "operate"
    update_permission = "own"
    create_twin = "POST /api/v1/teams/"
    update_twin = "PATCH /api/v1/teams/NAME/"
    change_form_before_template = "identity/team.html"
    list_display = [
        column("name", gettext_lazy("Name")),
        column("title", gettext_lazy("Title")),
        column("created_at", gettext_lazy("Since")),
    ]
    search_fields = ["name", "title"]

    def get_urls(self) -> list[URLPattern]:
        """With the page of the members."""
        own = path("<uuid:pk>/members/", self.admin_site.admin_view(members_page), name="identity_team_members")
        return [own, *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Members are shown once there are some."""
        return ["name", "title", "people"] if obj else ["name", "title"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The name never changes."""
        return ["name", "people"] if obj else []

    @admin.display(description=gettext_lazy("Members"))
    def people(self, team: Team) -> str:
        """One line per person."""
        return format_html_join(
            "", "<div>{} ({})</div>", ((member.user.username, member.role) for member in members(team))
        ) or _("none")

    def service_create(self, request: HttpRequest, form: ModelForm[Any]) -> Team:
        """A new team."""
        return services.create_team(actor=request.user, **form.cleaned_data)

    def service_update(self, request: HttpRequest, obj: Team, form: ModelForm[Any]) -> None:
        """A new title."""
        services.rename_team(team=obj, title=form.cleaned_data["title"], actor=request.user)


def _operates(request: HttpRequest) -> bool:
    return is_operator(request.user)


def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language a person chose, and go back to where they were."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    language, back = request.POST.get("language", ""), request.POST.get("next", "")
    person: Any = request.user
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = reverse("admin:index")
    answer = HttpResponseRedirect(back)
    try:
        services.set_language(user=person, language=language, actor=person)
    except Refusal as refusal:
        messages.error(request, refused(refusal))
        return answer
    # For the page that asks who one is, where nobody is known yet.
    answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return answer


register_view("language/", choose_language, name="language")
register_navigation(
    gettext_noop("Teams"), [NavigationItem(gettext_noop("Teams"), "admin:identity_team_changelist", "groups")], order=50
)
register_navigation(
    gettext_noop("People"),
    [NavigationItem(gettext_noop("People"), "admin:identity_user_changelist", "person", _operates)],
    order=80,
)
