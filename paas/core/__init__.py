"""What every room of the house stands on: errors, conditions, audit, encryption, permissions, console and API base.
Knows no domain.
"""
