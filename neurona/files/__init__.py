"""Files that come from strangers: one gate, asked before anything of theirs is read, built or allocated.

Nothing here knows of networks. Readers open a `Gate` for their file, and read through it.
"""
