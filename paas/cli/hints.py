"""What to do next about a refusal that does not say it itself: a hint for each known code. Pure.

The control plane's own remedy is told first, where it has one; a test keeps that no code is without either.
"""

from __future__ import annotations

from collections.abc import Mapping

_FILE = (
    "Change the app file, and look at it with `dougong render -f FILE`; "
    "`dougong explain BLOCK` tells what a block takes."
)
_CODES: Mapping[str, str] = {
    _FILE: """annotation_value app_file_invalid cidrs_missing container_conflict env_conflict foreign_namespace
        host_aliases_conflict host_missing host_twice internal_port invalid_object invalid_params limit_below_request
        mount_inside_read_only mounts_conflict object_conflict one_of_two probe_without_port range_reversed
        reserved_annotation reserved_class reserved_path runs_to_its_end secret_key_missing stateful_scaled undrainable
        kind_not_served not_scaled
        resources_missing store_key too_few_to_divide unknown_block unknown_field unknown_port unknown_process
        unknown_volume volume_exclusive window_empty""",
    "Give the file the name and the project of the application it is for.": "application_mismatch project_mismatch",
    "See the releases with `dougong history APP`.": "nothing_to_roll_back release_not_found",
    "See its environments with `dougong status APP`.": "environment_exists environment_unknown",
    "See its processes and schedules with `dougong status APP`.": "process_not_found schedule_not_found",
    "Name one of those, or leave it out for the process itself.": "container_not_found",
    "Open a new one with `dougong exec APP ENV`.": "environment_moved terminal_ended",
    "Wait until it has ended; `dougong status APP` shows how it goes.": "already_running",
    "Store it with `dougong secret set APP NAME KEY`, then deploy again.": "secret_missing secret_not_found",
    "Name each key once, with a value of less than a mebibyte in all.": "secret_invalid secret_too_large",
    "See the layer's keys and what they must be with `dougong config list LAYER`.": """config_declaration_invalid
        config_cycle config_key_invalid config_key_reserved config_key_unknown config_not_set config_required
        config_too_large config_too_many config_value_invalid config_value_wrong""",
    "Name a layer as `dougong config list --help` shows.": "config_scope_unknown",
    "See what still waits with `dougong config proposals`.": "config_proposal_decided",
    "Type the name exactly as it is.": "not_confirmed",
    "Change the key, or leave it out: the command makes one of its own.": "idempotency_key_invalid",
    "See what waits with `dougong approvals`.": "proposal_decided",
    "See `dougong freeze create --help`.": "freeze_invalid",
    "See those of the team with `dougong tenant show TEAM`, or ask an operator for more.": "pool_not_allowed",
    "Take it for a shorter time, with `--minutes`.": "break_glass_too_long",
    "See the fleet with `dougong cluster list`.": """cluster_not_found cluster_unknown unknown_cluster not_held
        cluster_already_registered other_cluster""",
    "Wait until it has left; `dougong cluster show NAME` tells what it still holds.": "cluster_leaving work_retired",
    "Look at the cluster with `dougong cluster show NAME`, and correct what was sent.": """cluster_invalid
        labels_invalid offer_invalid address_unknown""",
    "Join it with `dougong cluster join NAME --kubeconfig FILE`, which sends only what is needed.": """bad_base64
        bad_certificate bad_host bad_key bad_token bad_url both_credentials control_characters credential_ambiguous
        credential_missing duplicate_key duplicate_name half_certificate missing_ca missing_name multiple_documents
        no_context no_credentials not_a_kubeconfig not_https not_utf8 not_yaml server_path too_large unknown_context
        unknown_user userinfo_in_url wrong_type yaml_alias yaml_bomb yaml_tag""",
    "See what it waits for with `dougong status APP`.": "wait_cycle not_owned",
    "Sign in with `dougong login`.": "authentication_failed not_authenticated not_signed_in login_failed",
    "Wait a little and repeat the command.": "too_many_requests database_unavailable",
    "Repeat it; if it stays, tell an operator the request id.": "internal_error",
    "Correct what is named above and repeat the command.": "invalid",
    "Bring the command to the version of the control plane, and check --server.": """body_unreadable
        media_type_unsupported method_not_allowed not_acceptable not_found""",
    "See who is there in the console, under Teams and People.": "member_not_found role_unknown username_taken",
    "Choose one of those named above.": "language_unknown platform_role_unknown",
}
_BY_CODE = {code: hint for hint, codes in _CODES.items() for code in codes.split()}
# Codes made of the name of what they are about.
_BY_END: Mapping[str, str] = {
    "_not_found": "See what there is with `dougong apps` and `dougong cluster list`.",
    "_conflict": _FILE,
    "_invalid": "Correct what is named above and repeat the command.",
}


def hint(code: str) -> str:
    """What to do next; "" for a code that is not known."""
    return _BY_CODE.get(code) or next((text for end, text in _BY_END.items() if code.endswith(end)), "")
