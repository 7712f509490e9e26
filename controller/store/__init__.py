"""What happened, kept: one database file that is the record of every sweep."""
