"""What the API says about where an environment is, how its replicas are spread and scaled; the form that places it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps import appfile
from apps.api.serializers import EnvironmentOut
from apps.models import Environment
from apps.schemas import model_schema
from paas.core.api import ReasonIn


@extend_schema_field(model_schema(appfile.PlacementEntry))
class PlacementField(serializers.JSONField):
    """As in the entry of an environment in the app file."""


class EnvironmentPatch(ReasonIn):
    """Where an environment is to run from now on."""

    placement = PlacementField(help_text="clusters or selector; replicas: duplicated or divided; weights.")


class PlacedOut(EnvironmentOut):
    """The environment, and what is worth knowing."""

    notes = serializers.SerializerMethodField()

    class Meta(EnvironmentOut.Meta):
        fields = [*EnvironmentOut.Meta.fields, "notes"]
        read_only_fields = fields

    def get_notes(self, environment: Environment) -> list[str]:
        """Of what was left out, and where the app file says otherwise."""
        return list(self.context["notes"])


class BoundsOut(serializers.Serializer[Any]):
    """The fewest and the most replicas."""

    min = serializers.IntegerField()
    max = serializers.IntegerField()


class PlacedClusterOut(serializers.Serializer[Any]):
    """A cluster that it is on. `weight` counts where replicas are divided."""

    name = serializers.CharField()
    weight = serializers.IntegerField()
    cordoned = serializers.BooleanField()
    suspended = serializers.BooleanField()
    leaving = serializers.BooleanField()


class PartOut(BoundsOut):
    """A cluster's replicas of a process; the bounds are alike unless it is scaled."""

    cluster = serializers.CharField()


class SpreadOut(serializers.Serializer[Any]):
    """A process and how many replicas of it are desired where."""

    process = serializers.CharField()
    parts = PartOut(many=True)


class PlacementOut(serializers.Serializer[Any]):
    """`joining` and `leaving` are the clusters that its selector would add and leave, were it placed anew."""

    placement = serializers.JSONField()
    divided = serializers.BooleanField()
    clusters = PlacedClusterOut(many=True)
    joining = serializers.ListField(child=serializers.CharField())
    leaving = serializers.ListField(child=serializers.CharField())
    spread = SpreadOut(many=True)


class PartChangeOut(serializers.Serializer[Any]):
    """A cluster's part now and then; null where the process is not there."""

    cluster = serializers.CharField()
    before = BoundsOut(allow_null=True)
    after = BoundsOut(allow_null=True)


class SpreadChangeOut(serializers.Serializer[Any]):
    """A process and how many replicas of it are, and would be, desired where."""

    process = serializers.CharField()
    parts = PartChangeOut(many=True)


class WindowOut(BoundsOut):
    """A window of a scaler, with the bounds that it has then on this cluster."""

    name = serializers.CharField()
    start = serializers.CharField()
    end = serializers.CharField()
    time_zone = serializers.CharField()
    open = serializers.BooleanField()


class NextChangeOut(BoundsOut):
    """When other bounds hold, and which."""

    at = serializers.DateTimeField()


class MetricOut(serializers.Serializer[Any]):
    """Percent of what is asked for: what is aimed at, and what it was; null where nothing is known."""

    name = serializers.CharField()
    target = serializers.IntegerField()
    current = serializers.IntegerField(allow_null=True)


class DecisionOut(serializers.Serializer[Any]):
    """What a scaler decided, in its own words; clusters keep these for about an hour."""

    at = serializers.CharField()
    message = serializers.CharField()


class ScalerConditionOut(serializers.Serializer[Any]):
    """What a scaler says of itself."""

    type = serializers.CharField()
    status = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()
    since = serializers.CharField()


class ScalerOut(serializers.Serializer[Any]):
    """A scaler of a process on a cluster. `seen_at` is when it was looked at last, null before the first time."""

    cluster = serializers.CharField()
    process = serializers.CharField()
    health = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()
    seen_at = serializers.DateTimeField(allow_null=True)
    conditions = ScalerConditionOut(many=True)


class HorizontalOut(ScalerOut):
    """One that changes the number of replicas. `min` and `max` are in force, `own` holds outside all windows."""

    min = serializers.IntegerField()
    max = serializers.IntegerField()
    own = BoundsOut()
    windows = WindowOut(many=True)
    next_change = NextChangeOut(allow_null=True)
    current = serializers.IntegerField(allow_null=True)
    desired = serializers.IntegerField(allow_null=True)
    scaled_at = serializers.CharField(allow_null=True)
    metrics = MetricOut(many=True)
    decisions = DecisionOut(many=True)


class VerticalOut(ScalerOut):
    """One that finds out how much each replica needs; amounts are by resource."""

    mode = serializers.CharField()
    resources = serializers.ListField(child=serializers.CharField())
    requested = serializers.DictField(child=serializers.CharField())
    advised = serializers.DictField(child=serializers.CharField())
    least = serializers.DictField(child=serializers.CharField())
    most = serializers.DictField(child=serializers.CharField())


class ScalingOut(serializers.Serializer[Any]):
    """How an environment is scaled."""

    horizontal = HorizontalOut(many=True)
    vertical = VerticalOut(many=True)
