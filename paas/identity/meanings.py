"""What codes of people, teams and tokens mean: of refusals and of actions of the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from paas.core import meanings

REFUSALS = {
    "break_glass_open": _("You have taken a role on this team already: end it first."),
    "break_glass_over": _("The role that was taken is over already."),
    "break_glass_too_long": _("A role is not taken for so long."),
    "device_code_decided": _("This sign-in of a machine was decided already."),
    "device_code_not_found": _("No machine waits under this code: compare it with what the command printed."),
    "directory_not_admitted": _("The directory knows you, but nothing there lets you in here: ask whoever keeps it."),
    "directory_unreachable": _(
        "The directory does not answer, so it cannot sign anybody in now: try again in a few minutes."
    ),
    "language_unknown": _("The console does not speak this language."),
    "last_owner": _("A team keeps at least one owner who can sign in: make someone else an owner first."),
    "login_failed": _("Name or password is wrong."),
    "member_not_found": _("This person is no member here."),
    "password_too_weak": _("The password is too weak: choose a longer, less common one."),
    "person_required": _("Only a person may do this: sign in."),
    "platform_role_unknown": _("There is no such role on the platform."),
    "role_unknown": _("There is no such role."),
    "second_factor_absent": _("There is no second factor to reset."),
    "second_factor_needed": _("A password alone is not enough for this account: sign in in the console."),
    "second_factor_own": _("One's own second factor is removed with that factor, on the page Security."),
    "second_factor_required": _("You need a second factor to go on: add one on the page Security."),
    "service_account_fixed": _("A service account belongs to its own team and has no other role."),
    "service_account_name_invalid": _("This is no name for a service account: choose another."),
    "service_account_name_taken": _("The team has a service account of this name already."),
    "service_account_not_found": _("The team has no such service account."),
    "sso_linked_already": _("Another account at this provider is linked with yours: unlink it first."),
    "sso_linked_to_another": _("This account at the provider belongs to another account here."),
    "sso_name_taken": _(
        "There is an account of this name here that is not linked with the provider: if it is yours, sign in "
        "with its password and link it."
    ),
    "sso_not_admitted": _(
        "The provider knows you, but none of your groups there has a role here: ask whoever keeps them."
    ),
    "sso_only_way": _("An account keeps one way to sign in, and this is the last."),
    "superuser_required": _("A superuser's second factor is reset by a superuser."),
    "team_cordoned": _("The team is cordoned: nothing new of it is accepted until an operator ends that."),
    "team_name_invalid": _("This is no name for a team: choose another."),
    "team_name_taken": _("There is a team of this name already: choose another."),
    "team_protected": _("The team is protected: nothing of it is removed until an owner ends that."),
    "token_scope_unknown": _("There is no such scope of a token."),
    "user_not_found": _("There is no person of this name: ask an operator to add them."),
    "username_taken": _("There is a person of this name already."),
}

ACTIONS = {
    "device.approved": _("Sign-in of a machine approved"),
    "device.declined": _("Sign-in of a machine declined"),
    "project.member_added": _("Role on the project given"),
    "project.member_removed": _("Role on the project taken away"),
    "second_factor.added": _("Second factor added"),
    "second_factor.removed": _("Second factor removed"),
    "second_factor.reset": _("Second factor reset"),
    "service_account.created": _("Service account created"),
    "service_account.removed": _("Service account removed"),
    "sign_in.ended": _("Signed out"),
    "sign_in.failed": _("Sign-in failed"),
    "sign_in.succeeded": _("Signed in"),
    "sso.linked": _("Account at a provider linked"),
    "sso.unlinked": _("Account at a provider unlinked"),
    "team.cordoned": _("Team cordoned"),
    "team.created": _("Team created"),
    "team.member_added": _("Role on the team given"),
    "team.member_mirrored": _("Role on the team taken over from the directory or provider"),
    "team.member_removed": _("Role on the team taken away"),
    "team.protected": _("Team protected"),
    "team.renamed": _("Team renamed"),
    "team.role_ended": _("Break-glass ended"),
    "team.role_taken": _("Break-glass: role taken"),
    "team.uncordoned": _("Cordon of the team ended"),
    "team.unprotected": _("Protection of the team ended"),
    "token.created": _("API token created"),
    "token.revoked": _("API token revoked"),
    "user.active_set": _("Account opened or closed"),
    "user.auditor_mirrored": _("Role of an auditor taken over from the directory or provider"),
    "user.auditor_set": _("Role of an auditor changed"),
    "user.bootstrapped": _("First administrator made"),
    "user.created": _("Person added"),
    "user.language_set": _("Language chosen"),
    "user.operator_mirrored": _("Role of an operator taken over from the directory or provider"),
    "user.operator_set": _("Role of an operator changed"),
}

meanings.register(refusals=REFUSALS, actions=ACTIONS)
