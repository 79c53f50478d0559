"""Signing in by an LDAP directory, and following what it says of people afterwards.

    a person signs in     backend → server: find, bind, groups → paas.identity.directory.admit
    each half a minute    check   → server: people, groups     → paas.identity.directory.follow

`entries` reads what the server answers. Only `server`, `backend` and `check` need the extra `ldap`, and only they
import it.
"""
