"""How many of a process's replicas a cluster gets, where they are divided: the largest remainder, by weight.

Every cluster works the same division out from the same share (`ClusterTarget.share`), so the parts come to the whole.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.contribution import RenderError
from clusters.target import ClusterTarget, Sharer

DIVIDED = "divided"
"""What a placement says of replicas that are."""

Parts = dict[str, int]


def apportion(total: int, weights: Mapping[str, int], least: Mapping[str, int]) -> Parts:
    """Whole parts by weight that come to `total`, none below its `least` (0 if left out).

    Whoever would get less than its least gets just that, and the rest is divided among the others. What is then left
    over goes to the largest remainders; of equal ones to the greater weight, then to the name that sorts first.
    ValueError where the total does not reach for all.
    """
    if total < sum(least.get(name, 0) for name in weights):
        raise ValueError(f"{total} is less than is needed")
    parts: Parts = {}
    while True:
        free = {name: weight for name, weight in weights.items() if name not in parts}
        rest, whole = total - sum(parts.values()), sum(free.values())
        short = [name for name, weight in free.items() if rest * weight < least.get(name, 0) * whole]
        if not short:
            break
        parts |= {name: least[name] for name in short}
    floors = {name: rest * weight // whole for name, weight in free.items()}
    order = sorted(free, key=lambda name: (-(rest * free[name] % whole), -free[name], name))
    more = set(order[: rest - sum(floors.values())])
    return parts | {name: floor + (name in more) for name, floor in floors.items()}


def replicas(total: int, target: ClusterTarget, *, routed: bool, path: str) -> int:
    """The cluster's part of a process's replicas, all of them where nothing is divided.

    A process that a route leads to (`routed`) has one at least wherever requests can come in, unless it has none at
    all. RenderError `too_few_to_divide` where there are not enough.
    """
    if target.share is None or not total:
        return total
    needy = [each for each in target.share if routed and each.routes]
    return _parts(total, target.share, {each.name: 1 for each in needy}, path, "leads requests to it")[target.name]


def bounds(least: int, most: int, target: ClusterTarget, path: str) -> tuple[int, int]:
    """The cluster's part of the fewest and of the most replicas; no autoscaler has fewer than one.

    RenderError `too_few_to_divide`.
    """
    if target.share is None:
        return least, most
    fewest = _parts(least, target.share, dict.fromkeys(_weights(target.share), 1), f"{path}.min", "scales it")
    return fewest[target.name], apportion(most, _weights(target.share), fewest)[target.name]


def _parts(total: int, share: tuple[Sharer, ...], least: Parts, path: str, why: str) -> Parts:
    try:
        return apportion(total, _weights(share), least)
    except ValueError:
        names = ", ".join(sorted(least))
        message = (
            f"{total} cannot be divided among {len(least)} clusters of which each {why} and so needs one ({names}): "
            f"ask for {len(least)} or more, or place it on fewer"
        )
        raise RenderError("too_few_to_divide", path, message) from None


def _weights(share: tuple[Sharer, ...]) -> dict[str, int]:
    return {each.name: each.weight for each in share}
