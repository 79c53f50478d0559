"""The only writers of applications. Each asks for permission, then changes rows, hands desired state to the delivery
loop and writes the audit event in one transaction; nothing here calls a cluster.
"""

from apps.services.approvals import approve_release, decline_release
from apps.services.config import accept_proposal, change_config, refuse_proposal
from apps.services.deploy import Deployment, deploy
from apps.services.dry_run import DryRun, dry_run_deploy, dry_run_placement, dry_run_revocation, dry_run_rollback
from apps.services.environments import create_environment
from apps.services.exceptions import accept_exception, end_exception, propose_exception
from apps.services.freezes import declare_freeze, end_freeze
from apps.services.placing import Placing, set_placement
from apps.services.project_members import remove_project_member, set_project_member
from apps.services.projects import create_project
from apps.services.protection import protect_environment
from apps.services.rerender import rerender
from apps.services.retirement import retire, retire_environment
from apps.services.revocation import Revoked, revoke_secret
from apps.services.rollback import Rollback, rollback
from apps.services.schedules import Run, run_schedule
from apps.services.secrets import set_secret
from apps.services.tenants import set_tenant_policy
from apps.services.terminals import Opened, allow_exec, open_terminal

__all__ = [
    "Deployment",
    "DryRun",
    "Opened",
    "Placing",
    "Revoked",
    "Rollback",
    "Run",
    "accept_exception",
    "accept_proposal",
    "allow_exec",
    "approve_release",
    "change_config",
    "create_environment",
    "create_project",
    "declare_freeze",
    "decline_release",
    "deploy",
    "dry_run_deploy",
    "dry_run_placement",
    "dry_run_revocation",
    "dry_run_rollback",
    "end_exception",
    "end_freeze",
    "open_terminal",
    "propose_exception",
    "protect_environment",
    "refuse_proposal",
    "remove_project_member",
    "rerender",
    "retire",
    "retire_environment",
    "revoke_secret",
    "rollback",
    "run_schedule",
    "set_placement",
    "set_project_member",
    "set_secret",
    "set_tenant_policy",
]
