"""The REST API of applications: projects, applications, environments, releases.

In here:

    serializers   what is said, and the forms taken
    projects      projects, and the deploy under them
    applications  an application, its status, releases, rollback and retirement
    environments  environments, their secrets and logs
    scaling       where an environment is, how it is spread and scaled
    releases      releases, read-only
    config        configuration of layers, its history, proposals; what is effective is with the environments
    answers       examples of the OpenAPI file, as they were given
    idempotency   one answer per Idempotency-Key
    streams       server-sent events
"""
