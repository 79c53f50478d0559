"""People and teams in the console, written through the services."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, override
from unfold.widgets import UnfoldAdminPasswordToggleWidget

from paas.core.errors import Refusal
from paas.core.live_lists import LiveList
from paas.core.pages import streamed
from paas.core.permissions import fresh, is_overseer, not_found, visible
from paas.core.site import (
    ConsoleModelAdmin,
    NavigationItem,
    column,
    console,
    refused,
    register_navigation,
    register_view,
)
from paas.core.sse import stream
from paas.identity import meanings, pages, revocation_pages, search, services  # noqa: F401 - they register views, words
from paas.identity.break_glass_pages import break_glass_page, end_page, rows
from paas.identity.granting import TEAMS_CHANNEL
from paas.identity.hold_pages import holds_page
from paas.identity.member_pages import members_page, remove_page
from paas.identity.models import Team, User
from paas.identity.overviews import team_channels, team_facts, team_page, user_page
from paas.identity.person_pages import reset_page
from paas.identity.roles import PLATFORM_ROLES


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
    auditor = forms.BooleanField(
        required=False, help_text=gettext_lazy("May view everything and the audit trail, and change nothing.")
    )

    class Meta:
        model = User
        fields = ["is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.username:
            held = set(self.instance.groups.values_list("name", flat=True))
            for role, (group, _word) in PLATFORM_ROLES.items():
                self.fields[role].initial = group in held


class PageFirst(ConsoleModelAdmin):
    """A model whose objects have a page to read; its form stands behind `?edit=1`, and leads back to the page."""

    def page_of(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """The page."""
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page, or for who may change it the form."""
        obj = self.get_object(request, object_id)
        edits = "edit" in request.GET and self.has_change_permission(request, obj)
        if edits or request.method == "POST":
            answer: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
            return answer
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return self.page_of(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Back to the page."""
        return HttpResponseRedirect(request.path)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """To the page."""
        return HttpResponseRedirect(reverse(f"admin:identity_{self.opts.model_name}_change", args=[obj.pk]))


@admin.register(User, site=console)
class UserAdmin(PageFirst):
    """People; for operators, and for auditors to see."""

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
        return ["username", "email", "is_active", "operator", "auditor"] if obj else ["username", "email", "password"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Names never change."""
        return ["username", "email"] if obj else []

    def get_urls(self) -> list[URLPattern]:
        """With the page that resets the second factor."""
        own = self.admin_site.admin_view(reset_page)
        return [path("<uuid:pk>/second-factor/", own, name="identity_user_second_factor"), *super().get_urls()]

    def page_of(self, request: HttpRequest, obj: User) -> HttpResponse:
        """The person."""
        return user_page(request, obj)

    def service_create(self, request: HttpRequest, form: ModelForm[Any]) -> User:
        """A new person."""
        return services.create_user(actor=request.user, **form.cleaned_data)

    def service_update(self, request: HttpRequest, obj: User, form: ModelForm[Any]) -> None:
        """Let in, keep out, make an operator or an auditor."""
        said = form.cleaned_data
        services.set_active(user=obj, active=said["is_active"], actor=request.user)
        for role in PLATFORM_ROLES:
            services.set_platform_role(user=obj, role=role, held=said[role], actor=request.user)


@admin.register(Team, site=console)
class TeamAdmin(PageFirst, LiveList):
    """The teams one may view. Members have a page of their own."""

    tabs = "identity/tabs.html"
    create_permission = "operate"
    update_permission = "own"
    create_twin = "dougong team create NAME · POST /api/v1/teams/"
    update_twin = "dougong team rename NAME TITLE · PATCH /api/v1/teams/NAME/"
    live_channel = TEAMS_CHANNEL
    list_twin = "dougong team list · GET /api/v1/teams/"
    list_display = [
        column("name", gettext_lazy("Name")),
        column("title", gettext_lazy("Title")),
        column("created_at", gettext_lazy("Since")),
    ]
    search_fields = ["name", "title"]
    fields = ("name", "title")

    def get_urls(self) -> list[URLPattern]:
        """With the stream, and the pages of members, of what holds the team back, and of break-glass."""
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/live/", view(self.team_live), name="identity_team_live"),
            path("<uuid:pk>/members/", view(members_page), name="identity_team_members"),
            path("<uuid:pk>/members/<uuid:user>/remove/", view(remove_page), name="identity_team_member_remove"),
            path("<uuid:pk>/holds/", view(holds_page), name="identity_team_holds"),
            path("<uuid:pk>/break-glass/", view(break_glass_page), name="identity_team_break_glass"),
            path("<uuid:pk>/break-glass/<uuid:taken>/end/", view(end_page), name="identity_team_break_glass_end"),
        ]
        return [*own, *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The name never changes."""
        return ["name"] if obj else []

    def page_of(self, request: HttpRequest, obj: Team) -> HttpResponse:
        """The team."""
        return team_page(request, obj, taken=self._taken(request, obj))

    def team_live(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """What the page of a team tells, as it changes."""
        token = get_token(request)

        def read() -> dict[str, Any]:
            request.user = cast(Any, fresh(request.user))
            team = visible(request.user, Team.objects.filter(pk=pk)).first()
            if team is None:
                raise not_found(Team)
            seen = team_facts(request, team, taken=self._taken(request, team))
            return {"html": render_to_string("identity/team_live.html", {**seen, "csrf_token": token})}

        return streamed(lambda: stream(read, TEAMS_CHANNEL, *team_channels()))

    def _taken(self, request: HttpRequest, team: Team) -> list[dict[str, Any]]:
        """The roles on it that somebody has taken and still has."""
        return [each for each in rows(request, team) if each["open"]]

    def service_create(self, request: HttpRequest, form: ModelForm[Any]) -> Team:
        """A new team."""
        return services.create_team(actor=request.user, **form.cleaned_data)

    def service_update(self, request: HttpRequest, obj: Team, form: ModelForm[Any]) -> None:
        """A new title."""
        services.rename_team(team=obj, title=form.cleaned_data["title"], actor=request.user)


def _oversees(request: HttpRequest) -> bool:
    return is_overseer(request.user)


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
    with override(language):
        messages.success(request, _("This is the language of the console from now on."))
    # For the page that asks who one is, where nobody is known yet.
    answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return answer


register_view("language/", choose_language, name="language")
register_navigation(
    gettext_noop("Teams"), [NavigationItem(gettext_noop("Teams"), "admin:identity_team_changelist", "groups")], order=50
)
register_navigation(
    gettext_noop("People"),
    [NavigationItem(gettext_noop("People"), "admin:identity_user_changelist", "person", _oversees)],
    order=80,
)
