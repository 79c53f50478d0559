"""The tables of applications: what is declared, what was released, what is placed where. Written by services alone.

One noun a file. Rows are kept when an application is retired: releases and audit events go on naming them.
"""

from apps.models.application import Application
from apps.models.config import ConfigChange, ConfigProposal
from apps.models.environment import Environment, EnvironmentStatus, Placement, StatusDue
from apps.models.freeze import FreezeWindow
from apps.models.idempotency import IdempotencyKey
from apps.models.project import Project, ProjectGroupPermission, ProjectRole
from apps.models.proposal import ReleaseProposal
from apps.models.release import Release
from apps.models.route import RouteClaim
from apps.models.secret import SecretVersion
from apps.models.tenant import TenantException, TenantPolicy
from apps.models.terminal import Terminal, TerminalPart

__all__ = [
    "Application",
    "ConfigChange",
    "ConfigProposal",
    "Environment",
    "EnvironmentStatus",
    "FreezeWindow",
    "IdempotencyKey",
    "Placement",
    "Project",
    "ProjectGroupPermission",
    "ProjectRole",
    "Release",
    "ReleaseProposal",
    "RouteClaim",
    "SecretVersion",
    "StatusDue",
    "TenantException",
    "TenantPolicy",
    "Terminal",
    "TerminalPart",
]
