"""The command line of the lab: python -m deploy.lab."""

import argparse
import sys

from . import addons, prerequisites, status
from .addresses import CLUSTERS
from .errors import LabError
from .lab import opened
from .parts import found


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.lab", description="Two Kubernetes clusters, here.")
    parser.add_argument("--lab", default="demo", metavar="NAME", help="which lab (demo)")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="bring up what is missing")
    optional = ", ".join(sorted(part.name for part in found().values() if not part.default)) or "none yet"
    up.add_argument("parts", nargs="*", metavar="PART", help=f"parts beside the default ones: {optional}")
    verbs.add_parser("down", help="take everything away, state too")
    verbs.add_parser("status", help="what runs, and where it answers; exit code 1 unless all is well")
    verbs.add_parser("env", help="print DATABASE_URL and the like as NAME=VALUE")
    kubeconfig = verbs.add_parser("kubeconfig", help="print a cluster's admin kubeconfig")
    kubeconfig.add_argument("cluster", choices=CLUSTERS)
    kubectl = verbs.add_parser("kubectl", help="run kubectl against a cluster")
    kubectl.add_argument("cluster", choices=CLUSTERS)
    kubectl.add_argument("words", nargs=argparse.REMAINDER, metavar="…")
    for verb, what in {
        "stop": "end a cluster, a component (east/etcd, east/worker-1/kubelet) or a part, keeping its state",
        "start": "start it again",
        "freeze": "halt its processes as they stand (SIGSTOP); pods go on",
        "thaw": "let them go on",
    }.items():
        verbs.add_parser(verb, help=what).add_argument("target", metavar="CLUSTER[/COMPONENT]|PART")
    for verb, what in {"cut": "no packet between this host and the API server", "heal": "undo a cut"}.items():
        verbs.add_parser(verb, help=what).add_argument("cluster", choices=CLUSTERS)
    return parser


def look(asked: argparse.Namespace) -> int:
    """The verbs that only look."""
    with opened(asked.lab, changing=False) as lab:
        if asked.verb == "status":
            text, well = status.lines(lab)
            print("\n".join(text))
            return 0 if well else 1
        admin = lab.cluster(getattr(asked, "cluster", "east")).control.admin
        if asked.verb == "env":
            print("\n".join(f"{name}={value}" for name, value in lab.env().items()))
        elif asked.verb == "kubeconfig":
            print(admin.read_text(), end="")
        else:
            addons.become_kubectl(lab.binaries.kubernetes("kubectl"), admin, asked.words)
    return 0


def change(asked: argparse.Namespace) -> int:
    """The verbs that change the lab."""
    if asked.verb == "up":
        prerequisites.check()
    with opened(asked.lab, create=asked.verb in ("up", "down")) as lab:
        if asked.verb == "up":
            lab.up(asked.parts)
            print("\n".join(status.lines(lab)[0]))
        elif asked.verb == "down":
            lab.down()
        else:
            getattr(lab, asked.verb)(getattr(asked, "target", None) or asked.cluster)
    return 0


def main() -> int:
    asked = arguments().parse_args()
    try:
        return look(asked) if asked.verb in ("status", "env", "kubeconfig", "kubectl") else change(asked)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: the next `up` goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
