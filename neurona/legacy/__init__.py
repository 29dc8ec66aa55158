"""Older spellings, and the faces of older libraries. No other room imports this one."""
