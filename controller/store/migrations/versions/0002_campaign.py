"""What the rules of a campaign need: the order of all commits, decisions of people, and every logon with its answer."""

import sqlalchemy as sa
from alembic import op

from controller.store.columns import Moment, Words

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns and tables, and fill them from what the store holds."""
    _order_of_commits()
    _decisions()
    _logons()
    _owners_of_marks()


def _order_of_commits() -> None:
    op.create_table(
        "commit_number",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("latest", sa.Integer, nullable=False),
    )
    op.add_column("attempt", sa.Column("began", sa.Integer))
    op.add_column("attempt", sa.Column("committed", sa.Integer))
    op.add_column("intent", sa.Column("began", sa.Integer))
    op.add_column("look", sa.Column("committed", sa.Integer))
    _number_old_visits()


def _number_old_visits() -> None:
    """Older programs kept no order of looks and runs; those of a visit take the numbers of its begin and end."""
    connection = op.get_bind()
    attempt = sa.table("attempt", sa.column("id"), sa.column("begun"), sa.column("ended"))
    rows = connection.execute(sa.select(attempt)).all()
    moments = sorted(
        [(row.begun, row.id, "began") for row in rows]
        + [(row.ended, row.id, "committed") for row in rows if row.ended is not None]
    )
    for number, (_, row_id, column) in enumerate(moments, start=1):
        numbered = sa.table("attempt", sa.column("id"), sa.column(column))
        connection.execute(sa.update(numbered).where(numbered.c.id == row_id).values({column: number}))
    commits = sa.table("commit_number", sa.column("id"), sa.column("latest"))
    connection.execute(sa.insert(commits).values(id=1, latest=len(moments)))


def _decisions() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("committed", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("host", Words, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("decision_host", "decision", ["host"])


def _logons() -> None:
    op.create_table(
        "logon",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account", Words, nullable=False),
        sa.Column("host", Words, nullable=False),
        sa.Column("proof", Words),
        sa.Column("begun", Moment, nullable=False),
        sa.Column("answered", Moment),
        sa.Column("accepted", sa.Boolean),
    )
    op.create_index("logon_answered", "logon", ["account", "accepted", "answered"])
    op.create_index("logon_proof", "logon", ["account", "proof", "accepted", "answered"])
    op.execute(
        "INSERT INTO logon (id, account, host, begun, answered, accepted)"
        " SELECT id, account, '', at, at, 0 FROM refusal"
    )
    op.drop_index("refusal_account", "refusal")
    op.drop_table("refusal")


def _owners_of_marks() -> None:
    """A mark that several names share belongs to the name that was visited first."""
    connection = op.get_bind()
    identity = sa.table("identity", sa.column("host"), sa.column("first_seen"))
    mark = sa.table("identity_mark", sa.column("host"), sa.column("mark"))
    shared = sa.select(mark.c.host, mark.c.mark).join(identity, identity.c.host == mark.c.host)
    owned: set[str] = set()
    for row in connection.execute(shared.order_by(identity.c.first_seen, identity.c.host)).all():
        if row.mark in owned:
            connection.execute(sa.delete(mark).where(mark.c.host == row.host, mark.c.mark == row.mark))
        owned.add(row.mark)
    op.drop_index("identity_mark_mark", "identity_mark")
    op.create_index("identity_mark_mark", "identity_mark", ["mark"], unique=True)
