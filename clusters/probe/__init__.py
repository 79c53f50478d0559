"""The probe: how each cluster is, every 15 seconds, whether or not anything is delivered to it.

In the order of the flow:

    discovery, facts   pure: what the server's answers mean
    ask                the requests (the only part that talks to a cluster)
    record             the row: facts, conditions, identity, breaker
    round              all clusters that are due, at once
"""

from clusters.probe.ask import probe
from clusters.probe.facts import Facts
from clusters.probe.record import Recorded, Sight, record
from clusters.probe.round import look, probe_clusters

__all__ = ["Facts", "Recorded", "Sight", "look", "probe", "probe_clusters", "record"]
