"""Self-sovereign identity for the Dutch base registers: issue, hold, disclose and verify."""
