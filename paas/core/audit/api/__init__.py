"""`/api/v1/audit/`: the audit trail by search, by export, and whether it is whole."""
