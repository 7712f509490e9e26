"""Operators' files in, model out; every complaint names the file, the line and the column."""
