"""Alembic's steps from one version of the store to the next; revision.py names the newest."""
