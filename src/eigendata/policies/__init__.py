"""Filled by the rooms below."""
