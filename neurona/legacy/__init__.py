"""Old programs run unchanged: faces of old libraries, old imports and old spellings.

No other room imports this one.
"""
