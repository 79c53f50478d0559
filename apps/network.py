"""What network policies of the ground and of the block `egress` have in common. Pure."""

from __future__ import annotations

from typing import Any


def dns() -> dict[str, Any]:
    """The rule that lets pods ask for names: of the cluster's DNS, wherever it runs, and of the cache that may stand
    before it on each node.
    """
    return {
        "to": [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "169.254.20.10/32"}}],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    }
