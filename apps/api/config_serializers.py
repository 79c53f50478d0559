"""What the API says about configuration, and the forms it takes. Fields whose names a form has for itself are `Any`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.config import TYPES
from apps.models import ConfigChange, ConfigProposal
from apps.services.config import Changed
from paas.core.api import ReasonIn


class DeclarationIn(serializers.Serializer[Any]):
    """What values of a key must be. `protected`: a second person accepts each change."""

    type = serializers.CharField(max_length=20, default="string", help_text=f"One of {', '.join(TYPES)}.")
    choices = serializers.ListField(child=serializers.CharField(max_length=1000), default=list, max_length=100)
    required: Any = serializers.BooleanField(default=False)
    protected = serializers.BooleanField(default=False)
    description = serializers.CharField(max_length=500, allow_blank=True, default="")


class DeclarationOut(serializers.Serializer[Any]):
    """What values of a key must be."""

    type = serializers.CharField()
    choices = serializers.ListField(child=serializers.CharField())
    required: Any = serializers.BooleanField()
    protected = serializers.BooleanField()
    description = serializers.CharField()


class ConfigEntryOut(serializers.Serializer[Any]):
    """What a layer says of a key: its value, its declaration, or both."""

    value = serializers.CharField(allow_null=True)
    declaration = DeclarationOut(allow_null=True)


class ConfigKeyOut(serializers.ModelSerializer[ConfigChange]):
    """A key of a layer, and the change that made it so."""

    value = serializers.CharField(source="after.value", allow_null=True)
    declaration = DeclarationOut(source="after.declaration", allow_null=True)
    changed_by = serializers.CharField(source="created_by_name")
    accepted_by = serializers.CharField(source="accepted_by_name")
    changed_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = ConfigChange
        fields = ["key", "value", "declaration", "version", "changed_by", "accepted_by", "changed_at", "reason"]
        read_only_fields = fields


class ConfigOut(serializers.Serializer[Any]):
    """A layer as it is. `version` counts its changes and is its ETag."""

    scope = serializers.CharField()
    of = serializers.CharField()
    version = serializers.IntegerField()
    keys = ConfigKeyOut(many=True)


class ConfigIn(ReasonIn):
    """A change of a layer: null takes a value or declaration away, keys not named stay as they are."""

    values = serializers.DictField(
        child=serializers.CharField(allow_null=True, allow_blank=True, trim_whitespace=False), default=dict
    )
    declarations = serializers.DictField(child=DeclarationIn(allow_null=True), default=dict)
    release = serializers.BooleanField(
        default=True, help_text="false: store it; environments take it with their next deploy."
    )
    dryRun = serializers.BooleanField(default=False, help_text="Say what it would come to, and change nothing.")


class DifferenceOut(serializers.Serializer[Any]):
    """A variable on one cluster, before and after; null where it is not there."""

    cluster = serializers.CharField()
    key = serializers.CharField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)


class ReconfiguredOut(serializers.Serializer[Any]):
    """A release that a change made, and in what it differs from the one before."""

    environment = serializers.CharField(source="environment.name")
    environment_id = serializers.UUIDField(source="environment.pk")
    application = serializers.CharField(source="environment.application.name")
    project = serializers.CharField(source="environment.application.project.name")
    release = serializers.IntegerField(source="release.number")
    differences = DifferenceOut(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class ConfigProposalOut(serializers.ModelSerializer[ConfigProposal]):
    """A change that waits for a second person, or did."""

    of = serializers.CharField(source="scope_name")
    scope = serializers.CharField()
    state = serializers.CharField()
    changes = serializers.DictField(child=serializers.DictField(child=ConfigEntryOut(allow_null=True)))
    proposed_by = serializers.CharField(source="proposed_by_name")
    decided_by = serializers.CharField(source="decided_by_name")

    class Meta:
        model = ConfigProposal
        fields = [
            "id",
            "scope",
            "of",
            "changes",
            "release",
            "reason",
            "state",
            "proposed_by",
            "created_at",
            "decided_by",
            "decided_at",
            "decision_reason",
        ]
        read_only_fields = fields


class ChangedOut(serializers.Serializer[Changed]):
    """What a change came to. With a proposal nothing is changed yet, and `releases` are those it would make."""

    version = serializers.IntegerField()
    keys = serializers.ListField(child=serializers.CharField())
    releases = ReconfiguredOut(many=True)
    proposal = ConfigProposalOut(allow_null=True)


class ConfigChangeOut(serializers.ModelSerializer[ConfigChange]):
    """One key, changed: what was said of it before and after, null where nothing was."""

    of = serializers.CharField(source="scope_name")
    scope = serializers.CharField()
    before = ConfigEntryOut(allow_null=True)
    after = ConfigEntryOut(allow_null=True)
    changed_by = serializers.CharField(source="created_by_name")
    accepted_by = serializers.CharField(source="accepted_by_name")
    changed_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = ConfigChange
        fields = [
            "id",
            "scope",
            "of",
            "version",
            "key",
            "before",
            "after",
            "changed_by",
            "accepted_by",
            "changed_at",
            "reason",
        ]
        read_only_fields = fields


class SourceOut(serializers.Serializer[Any]):
    """A layer that sets a key, and the value as it is written there."""

    layer = serializers.CharField()
    of = serializers.CharField()
    written = serializers.CharField()


class DeclaredOut(DeclarationOut):
    """A layer that declares a key."""

    layer = serializers.CharField()
    of = serializers.CharField()


class SetByBlockOut(serializers.Serializer[Any]):
    """A block of the app file that sets the same variable of a process: there it wins."""

    process = serializers.CharField()
    block = serializers.CharField()


class EffectiveKeyOut(serializers.Serializer[Any]):
    """A key: what it comes to now, what the present release has, which layer set it and what that hides."""

    key = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    released = serializers.CharField(allow_null=True)
    source: Any = SourceOut(allow_null=True)
    hides = SourceOut(many=True)
    declared = DeclaredOut(many=True)
    set_by_blocks = SetByBlockOut(many=True)


class ConfigFaultOut(serializers.Serializer[Any]):
    """Why the values cannot be released."""

    key = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    remedy = serializers.CharField()


class EffectiveOut(serializers.Serializer[Any]):
    """The configuration of an environment on one cluster; `cluster` is null where it is on none."""

    cluster = serializers.CharField(allow_null=True)
    keys = EffectiveKeyOut(many=True)
    faults = ConfigFaultOut(many=True)


class ComparedSideOut(serializers.Serializer[Any]):
    """A key of one environment on one cluster, and the layer that set it."""

    cluster = serializers.CharField(allow_null=True)
    value = serializers.CharField(allow_null=True)
    layer = serializers.CharField(allow_null=True)
    of = serializers.CharField(allow_null=True)


class ComparedKeyOut(serializers.Serializer[Any]):
    """A key in both."""

    key = serializers.CharField()
    differs = serializers.BooleanField()
    here = ComparedSideOut(many=True)
    there = ComparedSideOut(many=True)


class ComparedOut(serializers.Serializer[Any]):
    """Two environments beside each other."""

    here = serializers.CharField()
    there = serializers.CharField()
    keys = ComparedKeyOut(many=True)
