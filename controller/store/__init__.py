"""What happened, kept: one database file that is the record of every sweep.

Statements that run for every host are built once, at import: building one takes longer than running it.
"""
