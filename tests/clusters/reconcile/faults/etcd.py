"""A cluster's etcd, kept as it is and put back later, as an operator does who restores a backup and nothing more.

Revisions are not bumped: the cluster counts on from the old one, and numbers that were given out are given out again.
"""

from __future__ import annotations

import shutil

from deploy.lab.lab import opened


class Etcd:
    """`keep()` copies its data while it halts; `put_back()` kills it and its API server, then starts both.

    The controllers are started anew, as Kubernetes asks for after a restore: with what they remember of later revisions
    they let a namespace stand half gone for minutes, which is not what is tried. Scheduler and kubelets go on.
    """

    def __init__(self, lab: str, cluster: str) -> None:
        self._lab, self._cluster = lab, cluster

    def keep(self) -> None:
        with opened(self._lab) as lab:
            folder = lab.cluster(self._cluster).control.folder
            lab.freeze(f"{self._cluster}/etcd")
            try:
                shutil.copytree(folder / "etcd", folder / "etcd-kept", dirs_exist_ok=True)
            finally:
                lab.thaw(f"{self._cluster}/etcd")

    def put_back(self) -> None:
        with opened(self._lab) as lab:
            control = lab.cluster(self._cluster).control
            for component in ("apiserver", "etcd"):
                lab.processes.stop(control.name(component), grace=0)
            shutil.rmtree(control.folder / "etcd")
            (control.folder / "etcd-kept").rename(control.folder / "etcd")
            lab.processes.stop(control.name("controller-manager"), grace=0)
            for component in ("etcd", "apiserver", "controller-manager"):
                control.start(component)

    def forget(self) -> None:
        with opened(self._lab, changing=False) as lab:
            shutil.rmtree(lab.cluster(self._cluster).control.folder / "etcd-kept", ignore_errors=True)
