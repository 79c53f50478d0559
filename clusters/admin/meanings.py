"""What codes of clusters mean: of refusals and of actions of the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from paas.core import meanings

REFUSALS = {
    "address_not_allowed": _(
        "The platform does not connect to this address: ask whoever runs it to allow the network."
    ),
    "address_unknown": _("The server's name has no address here."),
    "bad_base64": _("A value of the kubeconfig is not the base64 of a text."),
    "bad_certificate": _("A certificate cannot be read."),
    "bad_host": _("The server's host is neither a DNS name nor an address in its usual form."),
    "bad_key": _("The client key cannot be read, is encrypted, or is not that of the certificate."),
    "bad_token": _("The token has characters that a bearer token cannot have."),
    "bad_url": _("The server's URL is missing or not a plain one."),
    "both_credentials": _("There are a token and a client certificate: leave one of them."),
    "change_not_found": _("There is no such change, or you may not view it."),
    "cluster_already_registered": _("This cluster is registered under another name."),
    "cluster_has_works": _("Something is delivered to the cluster: say whether it is removed or left running."),
    "cluster_in_use": _("Something still refers to the cluster: move or retire it first."),
    "cluster_invalid": _("Something of the cluster is not as it must be."),
    "cluster_leaving": _("The cluster is being unregistered and takes nothing new: name another."),
    "cluster_name_taken": _("A cluster of this name is registered already: choose another name."),
    "cluster_suspended": _(
        "The cluster is suspended: nothing is delivered to it or removed from it until it is resumed."
    ),
    "control_characters": _("The kubeconfig has control characters."),
    "credential_ambiguous": _("Send a kubeconfig, or server, CA and token, not both."),
    "credential_expired": _("The credential has ended: send a fresh one."),
    "credential_missing": _("Send a kubeconfig, or all of server, CA and token."),
    "duplicate_key": _("The kubeconfig gives a key twice."),
    "duplicate_name": _("Two entries of the kubeconfig have the same name."),
    "half_certificate": _("A client certificate needs its key, and a key its certificate."),
    "labels_invalid": _("The labels are too many, or one of them is no label."),
    "missing_ca": _("The certificate authority of the cluster is missing."),
    "missing_name": _("An entry of the kubeconfig has no name."),
    "multiple_documents": _("The kubeconfig holds more than one document."),
    "no_context": _("The kubeconfig has no current context, and none was chosen."),
    "no_credentials": _("The user of the kubeconfig has neither a token nor a client certificate."),
    "not_a_kubeconfig": _("This is no kubeconfig."),
    "not_confirmed": _("What cannot be undone is confirmed by typing the name."),
    "not_held": _("This object is not held back here."),
    "not_https": _("The server is not reached by https."),
    "not_owned": _("Not all objects to hand over belong to the Work that gives them."),
    "not_utf8": _("The kubeconfig is not a UTF-8 text."),
    "not_yaml": _("The kubeconfig is not YAML."),
    "offer_invalid": _("What the cluster is to offer is not as it must be."),
    "other_cluster": _("Works wait for and hand over to Works of their own cluster only."),
    "server_path": _("The server's URL has a path: clusters are spoken to directly, by no proxy."),
    "too_large": _("It is larger than the platform takes."),
    "unknown_cluster": _("The cluster of the context is not in the kubeconfig."),
    "unknown_context": _("The context is not in the kubeconfig."),
    "unknown_field": _("The kubeconfig has a field that is not known."),
    "unknown_user": _("The user of the context is not in the kubeconfig."),
    "userinfo_in_url": _("The server's URL carries a user."),
    "wait_cycle": _("A Work would wait for itself."),
    "work_retired": _("The Work is being removed: wait until it is gone."),
    "wrong_type": _("A value of the kubeconfig is of another type than it must be."),
    "yaml_alias": _("The kubeconfig uses YAML anchors or aliases."),
    "yaml_bomb": _("The kubeconfig is nested too deep or has too many parts."),
    "yaml_tag": _("The kubeconfig uses YAML tags."),
}

ACTIONS = {
    "cluster.cordoned": _("Cluster cordoned"),
    "cluster.credential_replaced": _("Credential of the cluster replaced"),
    "cluster.credential_rotated": _("Credential of the cluster rotated"),
    "cluster.labelled": _("Labels of the cluster changed"),
    "cluster.leaving": _("Unregistering of the cluster begun"),
    "cluster.offered": _("What the cluster offers changed"),
    "cluster.registered": _("Cluster registered"),
    "cluster.resumed": _("Cluster resumed"),
    "cluster.suspended": _("Cluster suspended"),
    "cluster.uncordoned": _("Cordon of the cluster ended"),
    "cluster.unregistered": _("Cluster unregistered"),
    "work.release_held": _("Held object let go"),
    "work.removed": _("Work removed"),
}

meanings.register(refusals=REFUSALS, actions=ACTIONS)
