"""The watcher: one process, a watch per cluster and kind (never Secrets). A changed object of ours makes its Work due.

    stream   on the wire: list, then watch; a broken or outdated watch lists again
    notice   in the database: which changes matter, and to which Works
    pods     the pods behind workloads, kept for people
    process  who watches what: follows the registry

It writes nothing to a cluster and no status; losing an event costs at most one sweep.
"""
