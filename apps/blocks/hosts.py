"""Lets one process or all find host names at given addresses, whatever the cluster's DNS says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.contribution import ALL_PROCESSES, Contribution, HostAlias, ProcessContribution, RenderError
from apps.spec import AppSpec
from apps.terms import HostName, IpAddress, Name
from clusters.target import ClusterTarget

EXAMPLE = {"process": "web", "addresses": {"192.0.2.10": ["database.example", "database"]}}


@dataclass(frozen=True, kw_only=True)
class Params:
    addresses: Mapping[IpAddress, tuple[HostName, ...]] = field(
        metadata={"description": "The host names found at each IP address."}
    )
    process: Name | None = field(
        default=None, metadata={"description": "The process that finds them; every process if left out."}
    )


def render(app: AppSpec, target: ClusterTarget, params: Params) -> Contribution:
    taken: dict[str, str] = {}
    for address, names in sorted(params.addresses.items()):
        if not names:
            raise RenderError("host_missing", "addresses", f"no host name is given for {address}")
        for name in names:
            if name in taken:
                raise RenderError(
                    "host_twice", "addresses", f"{name} is given for {taken[name]} and again for {address}"
                )
            taken[name] = address
    aliases = tuple(HostAlias(address, names) for address, names in sorted(params.addresses.items()))
    return Contribution(processes={params.process or ALL_PROCESSES: ProcessContribution(host_aliases=aliases)})
