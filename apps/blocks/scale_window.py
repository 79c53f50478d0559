"""Gives the autoscaler of a process other bounds in a window of time, again and again, by cron expressions."""

from dataclasses import dataclass, field

from apps.contribution import Contribution, ProcessContribution, RenderError, Window
from apps.spec import AppSpec
from apps.terms import Cron, Name, Positive, TimeZone
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "name": "office", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "min": 5, "max": 20}
KEY = ("process", "name")


@dataclass(frozen=True, kw_only=True)
class Params:
    process: Name = field(metadata={"description": "The process, which an autoscale block scales."})
    name: Name = field(metadata={"description": "What the window is called."})
    start: Cron = field(metadata={"description": "When it begins: minute, hour, day, month, day of the week."})
    end: Cron = field(metadata={"description": "When it ends, likewise."})
    min: Positive = field(metadata={"description": "Never fewer replicas than this while it lasts."})
    max: Positive = field(metadata={"description": "Never more; of windows that overlap the greatest bounds hold."})
    time_zone: TimeZone = field(
        default="Etc/UTC",
        metadata={
            "description": "Where the hours are those; one that a clock change skips is when it ends, one that comes "
            "twice is the first."
        },
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    if params.max < params.min:
        raise RenderError("range_reversed", "max", f"the most, {params.max}, is below the least, {params.min}")
    if params.start == params.end:
        raise RenderError("window_empty", "end", f"it ends whenever it begins, at {params.start}")
    window = Window(params.name, params.start, params.end, params.time_zone, params.min, params.max)
    return Contribution(processes={params.process: ProcessContribution(windows=(window,))})
