"""Signing in by an OpenID provider: its settings, its documents and tokens, and what becomes of its people here."""
