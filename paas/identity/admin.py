"""People and teams in the console, written through the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
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
from paas.identity.member_pages import members_page, remove_page
from paas.identity.models import OPERATORS, Team, User
from paas.identity.overviews import team_page, user_page


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
        form = request.method == "POST" or "edit" in request.GET
        if obj is None or (form and self.has_change_permission(request, obj)):
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
        return ["username", "email", "is_active", "operator"] if obj else ["username", "email", "password"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Names never change."""
        return ["username", "email"] if obj else []

    def page_of(self, request: HttpRequest, obj: User) -> HttpResponse:
        """The person."""
        return user_page(request, obj)

    def service_create(self, request: HttpRequest, form: ModelForm[Any]) -> User:
        """A new person."""
        return services.create_user(actor=request.user, **form.cleaned_data)

    def service_update(self, request: HttpRequest, obj: User, form: ModelForm[Any]) -> None:
        """Let in, keep out, make an operator."""
        services.set_active(user=obj, active=form.cleaned_data["is_active"], actor=request.user)
        services.set_operator(user=obj, operator=form.cleaned_data["operator"], actor=request.user)


@admin.register(Team, site=console)
class TeamAdmin(PageFirst):
    """The teams one may view. Members have a page of their own."""

    create_permission = "operate"
    update_permission = "own"
    create_twin = "dougong team create NAME · POST /api/v1/teams/"
    update_twin = "PATCH /api/v1/teams/NAME/"
    change_form_before_template = "identity/team.html"
    list_display = [
        column("name", gettext_lazy("Name")),
        column("title", gettext_lazy("Title")),
        column("created_at", gettext_lazy("Since")),
    ]
    search_fields = ["name", "title"]
    fields = ("name", "title")

    def get_urls(self) -> list[URLPattern]:
        """With the page of the members."""
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/members/", view(members_page), name="identity_team_members"),
            path("<uuid:pk>/members/<uuid:user>/remove/", view(remove_page), name="identity_team_member_remove"),
        ]
        return [*own, *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The name never changes."""
        return ["name"] if obj else []

    def page_of(self, request: HttpRequest, obj: Team) -> HttpResponse:
        """The team."""
        return team_page(request, obj)

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
