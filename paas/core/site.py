"""The console: one site at /console/ for every signed-in person, its home page, navigation and the base of its pages.

Other rooms fill it from their `admin.py`, which Django loads by itself: models by `@admin.register(Model,
site=console)`, parts of the home page by `register_home_section`, entries of the sidebar by `register_navigation`,
addresses of their own by `register_view`. Nothing here knows a domain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import Form, ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from paas.core import filters, meanings
from paas.core.errors import Refusal
from paas.core.manual import REFUSALS, linked
from paas.core.models import AuditEvent
from paas.core.permissions import Actor, allowed, is_overseer, visible
from paas.core.theme import script_words

AnyModel = TypeVar("AnyModel", bound=models.Model)
MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class HomeSection:
    """A part of the home page.

    Args:
        name: unique.
        order: sections stand by rising order; within one, by name.
        template: rendered with what `context` returns, and `request`.
        context: what the template needs; None leaves the section out for this person.
    """

    name: str
    order: int
    template: str
    context: Callable[[HttpRequest], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """An entry of the sidebar: `title` is a message id, `view` a name to reverse (`admin:clusters_cluster_changelist`),
    `icon` a Material symbol.
    """

    title: str
    view: str
    icon: str
    permission: Callable[[HttpRequest], bool] | None = None


console_home_sections: dict[str, HomeSection] = {}
console_navigation: dict[tuple[int, str], list[NavigationItem]] = {}
console_views: dict[str, tuple[str, Callable[..., Any]]] = {}


def register_home_section(section: HomeSection) -> None:
    """Put a section on the home page; a second of the same name takes the first's place."""
    console_home_sections[section.name] = section


def register_navigation(group: str, items: list[NavigationItem], *, order: int) -> None:
    """Put a group of entries into the sidebar, under its title."""
    console_navigation[(order, group)] = items


def register_view(route: str, view: Callable[..., Any], *, name: str) -> None:
    """Put a view at /console/<route>, for everyone who is signed in."""
    console_views[name] = (route, view)


def refused(refusal: Refusal) -> str:
    """A refusal in words: what, by which rule, what to do, and its code, which leads to the docs. What is not there in
    the reader's language stands beneath it in English.
    """
    message, rule, remedy = (meanings.spoken(each, refusal.params) for each in refusal.templates)
    said = [message or meanings.of_refusal(refusal.code)]
    if rule:
        said.append(_("Rule: %(rule)s") % {"rule": rule})
    if remedy:
        said.append(_("What to do: %(remedy)s") % {"remedy": remedy})
    pairs = zip((message, rule, remedy), (refusal.message, refusal.rule, refusal.remedy), strict=True)
    english = " ".join(text for told, text in pairs if not told and text)
    shown = format_html("{} ({})", " ".join(filter(None, said)), linked(REFUSALS, refusal.code))
    return format_html('{}<span class="block text-xs" lang="en">{}</span>', shown, english) if english else shown


def refuse(form: Form, refusal: Refusal) -> None:
    """Put a refusal over a form that was valid, which then keeps what was typed."""
    form.add_error(None, refused(refusal))


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar in Unfold's words, for this person."""
    groups: list[dict[str, Any]] = [{"items": [{"title": _("Home"), "icon": "home", "link": reverse("admin:index")}]}]
    for (_order, title), items in sorted(console_navigation.items()):
        shown = [item for item in items if item.permission is None or item.permission(request)]
        if shown:
            links = [{"title": _(item.title), "icon": item.icon, "link": reverse(item.view)} for item in shown]
            groups.append({"title": _(title), "separator": True, "items": links})
    return groups


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold carries no types
    """The console. Being signed in is enough to come in; what one sees and may do is asked per object."""

    index_template = "console/home.html"
    index_title = gettext_lazy("Home")

    def extra_urls(self) -> list[URLPattern]:
        """The addresses that rooms registered."""
        return [path(route, self.admin_view(view), name=name) for name, (route, view) in console_views.items()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the words that scripts say, and where to return to from the choice of a language."""
        context: dict[str, Any] = super().each_context(request)
        return {**context, "script_words": script_words(), "redirect_to": request.get_full_path()}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lets nobody in: Django's own page asks for no second factor. `paas.identity.sign_in_pages` has the one at
        this address, before this.
        """
        raise PermissionDenied

    def has_permission(self, request: HttpRequest) -> bool:
        """Any active person, not only Django's "staff"."""
        return request.user.is_active and request.user.is_authenticated

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Home: the sections that have something for this person."""
        sections = []
        for section in sorted(console_home_sections.values(), key=lambda section: (section.order, section.name)):
            context = section.context(request)
            if context is not None:
                sections.append(render_to_string(section.template, context, request=request))
        answer: TemplateResponse = super().index(request, {"sections": sections, **(extra_context or {})})
        return answer


console = ConsoleSite(name="console")


def column(field: str, title: Any) -> Callable[[Any], Any]:
    """A column of a list that shows a field under a title of its own, sorted by it."""

    @display(description=title, ordering=field)
    def shown(obj: Any) -> Any:
        return getattr(obj, field)

    shown.__name__ = field
    return shown


class ConsoleModelAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    """The base of every page about a model: what is shown is `visible`, what is changed goes through services.

    A subclass names the permission word for each verb it offers and writes the service call for it:

        class TeamAdmin(ConsoleModelAdmin):
            create_permission = "operate"

            def service_create(self, request, form):
                return create_team(actor=request.user, **form.cleaned_data)

    A verb without a word is not offered. A Refusal is told above the form, which keeps what was typed, and leaves
    nothing half done. `create_twin` and `update_twin` say how the command line or the API do the same. `tabs` is the
    template of the links between the pages of an object, which it knows by the name of its model.
    """

    create_permission: ClassVar[str] = ""
    update_permission: ClassVar[str] = ""
    delete_permission: ClassVar[str] = ""
    create_twin: ClassVar[str] = ""
    update_twin: ClassVar[str] = ""
    tabs: ClassVar[str] = ""

    list_disable_select_all = True
    compressed_fields = True
    change_form_after_template = "console/twin.html"
    list_before_template = "console/filters.html"

    def service_create(self, request: HttpRequest, form: ModelForm[Any]) -> models.Model:
        """Call the service that creates; return its object."""
        raise NotImplementedError

    def service_update(self, request: HttpRequest, obj: Any, form: ModelForm[Any]) -> None:
        """Call the service that changes; `form.changed_data` names the fields."""
        raise NotImplementedError

    def service_delete(self, request: HttpRequest, obj: Any) -> None:
        """Call the service that removes."""
        raise NotImplementedError

    # --- what one may ---

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """What the person may view."""
        return visible(_actor(request), super().get_queryset(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """What the address names; 404 where it is gone or may not be viewed."""
        obj = super().get_object(request, object_id, from_field)
        if obj is None:
            raise Http404
        return obj

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Being signed in; the lists show only what one may view."""
        return bool(request.user.is_authenticated)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Lists always, an object where it is visible."""
        return obj is None or allowed(_actor(request), "view", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Where creating is offered; services ask again with what was filled in."""
        if self.create_permission == "operate":
            return allowed(_actor(request), "operate", None)
        return bool(self.create_permission)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Where changing is offered."""
        return bool(
            self.update_permission and obj is not None and allowed(_actor(request), self.update_permission, obj)
        )

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Where removing is offered."""
        return bool(
            self.delete_permission and obj is not None and allowed(_actor(request), self.delete_permission, obj)
        )

    # --- writing through services ---

    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm[Any], change: bool) -> None:
        """Instead of `obj.save()`."""
        if change:
            self.service_update(request, obj, form)
            return
        # Django goes on with the object it was about to save: it becomes the one the service made.
        obj.__dict__.update(self.service_create(request, form).__dict__)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Instead of `obj.delete()`."""
        self.service_delete(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Instead of one DELETE for all: each by its service, all or none."""
        for obj in queryset:
            if not self.has_delete_permission(request, obj):
                raise PermissionDenied
            self.service_delete(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The bulk delete asks permission without an object, so it is kept only where operators delete."""
        actions: dict[str, Any] = super().get_actions(request)
        if self.delete_permission != "operate" or not allowed(_actor(request), "operate", None):
            actions.pop("delete_selected", None)
        return actions

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What else goes is the service's to decide, not a cascade's."""
        return [str(obj) for obj in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Django's form; after a refusal one that tells it."""
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else _refusing(form, refusal)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Named in the reader's language where its name has one."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            for said in ("label", "help_text"):
                if text := str(getattr(field, said) or ""):
                    setattr(field, said, _(text))
        return field

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django's page; a refusal rolls its transaction back and is told above the form, filled in as it was."""

        def view() -> HttpResponse:
            answer: HttpResponse = super(ConsoleModelAdmin, self).changeform_view(request, *args, **kwargs)
            return answer

        try:
            return view()
        except Refusal as refusal:
            if request.method != "POST":
                return _told(request, refusal)
            request.refusal = refusal  # type: ignore[attr-defined]  # read by get_form
            return view()

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The same for removing."""
        try:
            answer: HttpResponse = super().delete_view(request, *args, **kwargs)
        except Refusal as refusal:
            return _told(request, refusal)
        return answer

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The same for bulk actions; with the filters that the person keeps for this list."""
        saved = filters.shown(request, f"{self.opts.app_label}_{self.opts.model_name}")
        context = {"title": capfirst(self.opts.verbose_name_plural), "saved": saved, **(extra_context or {})}
        try:
            answer: HttpResponse = super().changelist_view(request, context)
        except Refusal as refusal:
            return _told(request, refusal)
        return answer

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit trail of the object, in the place of Django's own log."""
        obj = self.get_object(request, unquote(object_id))
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %(name)s") % {"name": obj},
            "subtitle": None,
            "opts": self.opts,
            "object": obj,
            "events": self.events_of(request, obj)[:MOST_EVENTS],
            "oversees": is_overseer(_actor(request)),
            **tabs_of(obj),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "console/history.html", context)

    def events_of(self, request: HttpRequest, obj: Any) -> Sequence[AuditEvent] | models.QuerySet[AuditEvent]:
        """What the history of an object tells, newest first: its own events, and of a model that says so those of what
        belongs to it. Who may view the object may view them.
        """
        return AuditEvent.objects.filter(object_type=obj._meta.label, object_id=str(obj.pk))

    # Django's own log would say the same a second time, without a reason and without a guard.

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        """Left to the audit trail."""

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        """Left to the audit trail."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Left to the audit trail."""


def tabs_of(obj: models.Model) -> dict[str, Any]:
    """What a page about an object shows above it: the template of the links to its other pages, and what that needs."""
    return {"tabs": console.get_model_admin(type(obj)).tabs, str(obj._meta.model_name): obj}


def _actor(request: HttpRequest) -> Actor:
    return request.user


def _told(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Send the person back to the page with a message."""
    messages.error(request, refused(refusal))
    return HttpResponseRedirect(request.get_full_path() if request.method == "POST" else reverse("admin:index"))


def _refusing(form: type[ModelForm[Any]], refusal: Refusal) -> type[ModelForm[Any]]:
    class Refused(form):  # type: ignore[misc, valid-type]  # made by Django at run time
        def clean(self) -> Any:
            cleaned = super().clean()
            refuse(self, refusal)
            return cleaned

    return Refused
