"""What the reasons of conditions mean, for people: a word and a sentence that says what to do.

Reasons and messages come from the loop in English and stay so in the API; the console says the sentence in the reader's
language, and the message as it came beneath it. `docs/conditions.md` tells the same with examples.
"""

from __future__ import annotations

from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

REASONS: dict[str, tuple[str, str]] = {
    "ImageNotFound": (
        _("Image not found"),
        _("The registry does not have this image: push it, or deploy the digest that was pushed."),
    ),
    "ImagePullDenied": (
        _("Image pull denied"),
        _("The registry refuses the node: give the nodes a credential, or put the image where they may read it."),
    ),
    "ImagePullBackOff": (_("Image pull back off"), _("The registry does not answer: look whether the nodes reach it.")),
    "CrashLoopBackOff": (
        _("Crash loop back off"),
        _("The program ends with an error again and again: read its last lines, or roll back."),
    ),
    "Restarted": (_("Restarted"), _("The program crashed, was started again and runs for the moment.")),
    "ContainerCrashed": (
        _("Container crashed"),
        _("A task ended with an error: repair what it says and deploy again, since a task runs once a release."),
    ),
    "LastRunFailed": (
        _("Last run failed"),
        _("The last run of a schedule failed: read its log, mend it and deploy. No release is held up."),
    ),
    "OOMKilled": (
        _("OOMKilled"),
        _("The program used more memory than its limit: raise the memory of the process, or use less."),
    ),
    "RunContainerError": (_("Run container error"), _("The command cannot be run: correct the command or the image.")),
    "CreateContainerConfigError": (
        _("Create container config error"),
        _("A ConfigMap or Secret that the container names is not there: declare it."),
    ),
    "LivenessProbeFailed": (
        _("Liveness probe failed"),
        _("The liveness probe fails, so the container is killed: read the probe's message, then the log."),
    ),
    "ReadinessProbeFailed": (
        _("Readiness probe failed"),
        _("The readiness probe fails: a wrong port, a wrong path, or the process still waits for something."),
    ),
    "StartupProbeFailed": (
        _("Startup probe failed"),
        _("The startup probe fails: a wrong port, a wrong path, or the process takes too long to start."),
    ),
    "Unschedulable": (
        _("Unschedulable"),
        _("No node takes the pod: ask for less, add or label nodes, or place it on another cluster."),
    ),
    "FailedCreate": (_("Failed create"), _("The API server refuses the pods of the workload: its message says why.")),
    "WaitingForWork": (_("Waiting for work"), _("It waits for another delivery and goes on by itself.")),
    "WaitingForPhase": (
        _("Waiting for phase"),
        _("An earlier phase has not passed yet: look at the object that is named."),
    ),
    "WaitedFor": (_("Waited for"), _("Others still need what is to be removed: retire those first.")),
    "BeingDeleted": (_("Being deleted"), _("An object is being deleted: find who has to clear its finalizer.")),
    "InProgress": (_("In progress"), _("A removal is under way; a finalizer is told with its object.")),
    "NoConnection": (
        _("No connection"),
        _("Nobody answers at the cluster's address: look at its API server and the network."),
    ),
    "TimedOut": (_("Timed out"), _("The cluster takes too long to answer: look at its API server and the network.")),
    "ServerFailing": (_("Server failing"), _("The cluster answers with errors only: look at its API server and etcd.")),
    "CertificateNotTrusted": (
        _("Certificate not trusted"),
        _("The cluster shows a certificate of another authority than the registered one: join it again."),
    ),
    "AddressNotAllowed": (
        _("Address not allowed"),
        _("The cluster's name leads to an address that is not allowed: allow the network, or correct the address."),
    ),
    "Unauthorized": (
        _("Unauthorized"),
        _("The cluster refuses our credential: it is renewed by itself if it can be, else join the cluster again."),
    ),
    "Forbidden": (_("Forbidden"), _("Our credential lacks rights on the cluster: apply what a member grants again.")),
    "AnotherCluster": (
        _("Another cluster"),
        _("Another cluster is behind this address: correct the address, or register the rebuilt cluster anew."),
    ),
    "RegisteredTwice": (_("Registered twice"), _("The same cluster is registered under two names: unregister one.")),
    "TooOld": (_("Too old"), _("The cluster's version is too old: upgrade it.")),
    "NotInstalled": (
        _("Not installed"),
        _("The fence is not installed on the cluster: apply what a member grants again."),
    ),
    "GroupNotServed": (
        _("Group not served"),
        _("An APIService of the cluster has no server: repair or remove it; other kinds are delivered."),
    ),
    "ForeignObject": (
        _("Foreign object"),
        _("Somebody else's object has our name: remove theirs, or call ours otherwise."),
    ),
    "OtherWork": (_("Other work"), _("Two deliveries want one object: take it out of one of them.")),
    "FieldConflict": (_("Field conflict"), _("A field belongs to another manager: agree on who sets it.")),
    "SetBack": (_("Set back"), _("A field of ours is set back each time by somebody else: agree on who sets it.")),
    "Rewritten": (
        _("Rewritten"),
        _("The cluster's admission writes a field otherwise: declare what it wants, or except the namespace."),
    ),
    "NotNamed": (
        _("Not named"),
        _("Something would go that no stored change named: release it by name, if it may go."),
    ),
    "ForeignObjects": (_("Foreign objects"), _("The namespace holds objects that are not ours: their owner decides.")),
    "SecretUnavailable": (
        _("Secret unavailable"),
        _("A secret's value cannot be had, most likely because it was revoked: deploy again."),
    ),
    "QuotaExceeded": (_("Quota exceeded"), _("A quota of the namespace is full: ask for less, or for more quota.")),
    "LimitRangeViolated": (
        _("Limit range violated"),
        _("A LimitRange of the namespace does not allow these resources: stay within it."),
    ),
    "PodSecurityViolated": (
        _("Pod security violated"),
        _("Pod Security does not allow what the process asks for: run it without what the message names."),
    ),
    "ImmutableField": (
        _("Immutable field"),
        _("A field cannot change once the object is there: roll back, or give the object another name."),
    ),
    "WebhookDenied": (_("Webhook denied"), _("A webhook of the cluster says no: do as it says.")),
    "WebhookFailed": (
        _("Webhook failed"),
        _("A webhook of the cluster does not answer: repair it, or its configuration."),
    ),
    "PolicyDenied": (_("Policy denied"), _("An admission policy of the cluster says no: do as it says.")),
    "RegistryNotAllowed": (
        _("Registry not allowed"),
        _("The image is of a registry that the team may not use: push it to one of those that the message names."),
    ),
    "FenceRefused": (
        _("Fence refused"),
        _("The fence refuses the write: the namespace is somebody else's, so choose another."),
    ),
    "NamespaceTerminating": (
        _("Namespace terminating"),
        _("The namespace is going: wait; the ground tells which finalizer holds it."),
    ),
    "NamespaceNotFound": (
        _("Namespace not found"),
        _("The namespace is not there: look at the ground of the environment."),
    ),
    "KindNotServed": (
        _("Kind not served"),
        _("The cluster does not know this kind: install its CustomResourceDefinition, and it is delivered."),
    ),
    "UnknownField": (_("Unknown field"), _("The kind does not have this field: correct it.")),
    "Invalid": (_("Invalid"), _("The cluster does not accept a value: correct it.")),
    "TooLarge": (_("Too large"), _("The object is too large for the cluster: make it smaller.")),
    "PermissionDenied": (
        _("Permission denied"),
        _("Our account lacks a right on the cluster: apply what a member grants again."),
    ),
    "NotFound": (_("Not found"), _("The cluster does not find it: the next probe looks which kinds are served.")),
    "TooManyRequests": (_("Too many requests"), _("The cluster asks for patience: we come again when it tells us to.")),
    "ServerError": (_("Server error"), _("The cluster's server fails: wait, or look at its API server.")),
    "Refused": (_("Refused"), _("The cluster refuses it in words of its own: read them.")),
    "InternalError": (_("Internal error"), _("A fault of Dougong's own: report it.")),
    "BeingDelivered": (_("Being delivered"), _("A change is on its way to the cluster.")),
    "Retiring": (_("Retiring"), _("It is being removed from every cluster.")),
    "NotDeployed": (_("Not deployed"), _("Nothing has been deployed here yet: deploy an app file.")),
    "NotPlaced": (
        _("Not placed"),
        _("It is on no cluster: name clusters in the app file, or join one that its selector takes."),
    ),
    "NoWorks": (_("No works"), _("Nothing is to be delivered here.")),
    "Removing": (_("Removing"), _("It is being removed from this cluster.")),
    "NoLongerPlaced": (_("No longer placed"), _("It was taken off a cluster, where it is being removed.")),
    "TargetChanged": (
        _("Target changed"),
        _("The cluster has changed since it was rendered: render it anew, or deploy again."),
    ),
    "SelectorMatchesOthers": (
        _("Selector matches others"),
        _("Its selector matches other clusters than it is on: deploy again, or place it anew."),
    ),
    "DeadlineExceeded": (
        _("Deadline exceeded"),
        _("It is not healthy by its deadline: repair what is behind it, or roll back."),
    ),
    "NodeLost": (_("Node lost"), _("The node of the pod does not answer any more.")),
    "Terminating": (_("Terminating"), _("The object is being deleted.")),
    "Lost": (_("Lost"), _("The volume that this claim was bound to is gone.")),
    "PodFailed": (_("Pod failed"), _("The pod has failed: its message says why.")),
    "ProgressDeadlineExceeded": (
        _("Progress deadline exceeded"),
        _("The rollout makes no progress: look at the pods of the new release."),
    ),
    "Binding": (_("Binding"), _("The claim waits for its volume.")),
    "ContainerCreating": (_("Container creating"), _("The node is pulling the image and creating the container.")),
    "ExtraPods": (_("Extra pods"), _("Pods of the former release are still to be removed.")),
    "Initializing": (_("Initializing"), _("Containers that run first are not done yet.")),
    "LatestGenerationNotObserved": (
        _("Latest generation not observed"),
        _("The cluster has not looked at the last change yet."),
    ),
    "LessAvailable": (_("Less available"), _("Fewer pods are available than wanted.")),
    "LessReady": (_("Less ready"), _("Fewer pods are ready than wanted.")),
    "LessReplicas": (_("Less replicas"), _("Fewer pods are there than wanted.")),
    "LessUpdated": (_("Less updated"), _("Not all pods are of the new release yet.")),
    "NoAddress": (_("No address"), _("The load balancer has no address yet.")),
    "NoConditions": (_("No conditions"), _("The object says nothing of its state yet.")),
    "NoController": (_("No controller"), _("No controller of the cluster has taken the object up.")),
    "NoDesiredNumber": (_("No desired number"), _("The cluster has not said yet how many pods it wants.")),
    "NotAvailable": (_("Not available"), _("The API group is not available yet.")),
    "NotEstablished": (_("Not established"), _("The new kind is not served yet.")),
    "NotReady": (_("Not ready"), _("The object is not ready yet.")),
    "NotStarted": (_("Not started"), _("The task has not started yet.")),
    "PartitionRollout": (_("Partition rollout"), _("Only a part of the pods takes the new release, as declared.")),
    "Provisioning": (_("Provisioning"), _("The volume is being made.")),
    "ReadinessGatesNotReady": (
        _("Readiness gates not ready"),
        _("Something outside the pod has not said yet that it is ready."),
    ),
    "ReplicaSetNotAvailable": (
        _("Replica set not available"),
        _("Not enough pods of the new release are available yet."),
    ),
    "Resizing": (_("Resizing"), _("The volume is being made larger.")),
    "Running": (_("Running"), _("The task is running.")),
    "Scheduling": (_("Scheduling"), _("A node is being chosen for the pod.")),
    "StartingUp": (_("Starting up"), _("The process has started and has not said yet that it is ready.")),
    "WaitForFirstConsumer": (_("Wait for first consumer"), _("The volume is made once a pod uses it.")),
    "Paused": (_("Paused"), _("The rollout is paused.")),
    "Suspended": (_("Suspended"), _("It is suspended: it does nothing until it is resumed.")),
    "NotOwned": (_("Not owned"), _("The object belongs to somebody else: remove theirs, or call ours otherwise.")),
}


TYPES = (
    _("Apply failed"),
    _("Attempt failed"),
    _("Credentials accepted"),
    _("Deadline exceeded"),
    _("Delete failed"),
    _("Fence missing"),
    _("Field fought"),
    _("Identity confirmed"),
    _("Kind not served"),
    _("Kinds unknown"),
    _("Last run failed"),
    _("Namespace kept"),
    _("Not owned"),
    _("Placement stale"),
    _("Prune held"),
    _("Reachable"),
    _("Read failed"),
    _("Release failed"),
    _("Render stale"),
    _("Removing"),
    _("Secret unavailable"),
    _("Terminating"),
    _("Version supported"),
    _("Waiting"),
)
"""The words of types, which stand for a condition whose reason tells a detail."""


def explained(reason: str) -> str:
    """The sentence in the reader's language; "" for a reason that needs none."""
    return gettext(REASONS[reason][1]) if reason in REASONS else ""


def told(reason: str, message: str) -> SafeString:
    """The sentence, and beneath it the message as it came."""
    sentence, said = explained(reason), linebreaksbr(message, autoescape=True)
    if not sentence or not message:
        return format_html("{}", sentence or said)
    return format_html('{}<br><span class="text-xs">{}</span>', sentence, said)
