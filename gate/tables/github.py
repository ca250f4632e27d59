"""What GitHub told us: where the App is installed, pull requests, merge groups, and how far was read."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from gate.tables.schema import METADATA, Instant

installation = Table(
    "installation",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False, doc="GitHub's id of the installation."),
    Column("account", String(255), nullable=False, doc="Login of the user or organisation it belongs to."),
    Column(
        "state",
        String(16),
        nullable=False,
        server_default="active",
        doc="`active`, `suspended` or `removed`, as GitHub said when it was last asked.",
    ),
)

repository = Table(
    "repository",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False, doc="GitHub's id; survives renames."),
    Column(
        "installation_id",
        BigInteger,
        ForeignKey(installation.c.id),
        nullable=False,
        index=True,
        doc="The installation whose tokens read it.",
    ),
    Column(
        "full_name",
        String(255),
        nullable=False,
        index=True,
        doc="`owner/name` as last seen; not unique, for a name may pass to another repository before we hear of it.",
    ),
    Column("default_branch", String(255), nullable=False, doc="Short name, e.g. `main`."),
    Column("private", Boolean, nullable=False, doc="Shown to nobody who is not signed in."),
    Column(
        "armed_at",
        Instant,
        doc="When coverage was first measured on the default branch; from then on it blocks. Never reset.",
    ),
    Column(
        "state",
        String(16),
        nullable=False,
        server_default="active",
        doc="`active`, `archived` (nothing can be written there), or `removed` from its installation.",
    ),
    Column(
        "gated_branches",
        Text,
        nullable=False,
        server_default="[]",
        doc="JSON list: `[gate] branches` of the default branch's policy when that was last recorded.",
    ),
    Column(
        "timezone",
        String(64),
        nullable=False,
        server_default="UTC",
        doc="`[gate] timezone` of the default branch's policy when that was last recorded: weeks are counted in it.",
    ),
    Column(
        "recipients",
        Text,
        nullable=False,
        server_default="[]",
        doc="JSON list: `[digest] recipients` of the default branch's policy when that was last recorded.",
    ),
    Column(
        "quiet_weeks",
        String(8),
        nullable=False,
        server_default="skip",
        doc="`[digest] quiet_weeks`, likewise: `skip` or `send`.",
    ),
    Column("reconciled_at", Instant, doc="When its open pull requests were last compared with GitHub's."),
    Column(
        "badge_key",
        String(64),
        doc="What the address of its badges must hold while it is private; null until somebody looked for it.",
        info={"secret": True},
    ),
    Column(
        "removed_at",
        Instant,
        index=True,
        doc="When it was removed from its installation: its data is deleted some time after; null while it is not.",
    ),
)

branch_rules = Table(
    "branch_rules",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id), primary_key=True, autoincrement=False),
    Column(
        "content",
        LargeBinary,
        nullable=False,
        doc="The BranchRules of its default branch as JSON, zlib-compressed when large.",
    ),
    Column("seen_at", Instant, nullable=False, doc="When GitHub showed them."),
)

pull_request = Table(
    "pull_request",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id), doc="The base repository."),
    Column("number", Integer, doc="As people say it."),
    Column("head_sha", String(64), nullable=False, doc="Of the newest event."),
    Column("base_ref", String(255), nullable=False, doc="Branch it wants to be merged into, short name."),
    Column("state", String(16), nullable=False, doc="`open` or `closed`."),
    Column("title", Text, nullable=False, doc="As last seen."),
    Column("author", String(255), nullable=False, doc="Login."),
    Column(
        "updated_at",
        Instant,
        nullable=False,
        doc="GitHub's time of the newest event; older events change nothing.",
    ),
    Column("merged_at", Instant, doc="When it was merged; null of one that is open, or was closed without."),
    PrimaryKeyConstraint("repository_id", "number"),
    Index(None, "repository_id", "head_sha"),
    Index(None, "repository_id", "updated_at"),
    Index(None, "repository_id", "merged_at"),
    Index(None, "state", "repository_id"),
)

merge_group = Table(
    "merge_group",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column("head_sha", String(64), doc="The commit that would become the base branch's tip."),
    Column("branch", String(255), nullable=False, doc="`gh-readonly-queue/...`, where the commit is."),
    Column("number", Integer, nullable=False, doc="The pull request it is named after; 0 for none."),
    Column("base_sha", String(64), nullable=False, doc="What it is compared with."),
    Column("base_ref", String(255), nullable=False, doc="Branch it is to be merged into, short name."),
    Column("destroyed", Boolean, nullable=False, doc="Given up or merged: nobody waits for its verdict."),
    PrimaryKeyConstraint("repository_id", "head_sha"),
)

approval = Table(
    "approval",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column("number", Integer, doc="The pull request."),
    Column("head_sha", String(64), doc="The head whose tests may run."),
    Column("person", String(255), nullable=False, doc="Login of who pressed the button."),
    Column("role", String(255), nullable=False, doc="What they were in the repository at that moment."),
    Column("given_at", Instant, nullable=False, doc="When."),
    PrimaryKeyConstraint("repository_id", "number", "head_sha"),
)

bookmark = Table(
    "bookmark",
    METADATA,
    Column("name", String(64), primary_key=True, doc="What was read so far, e.g. `deliveries`."),
    Column("at", Instant, nullable=False, doc="Until when."),
)

failed_delivery = Table(
    "failed_delivery",
    METADATA,
    Column("guid", String(64), primary_key=True, doc="The same for every attempt to deliver one event."),
    Column("delivery_id", BigInteger, nullable=False, doc="Of the newest attempt, which failed."),
    Column("times", Integer, nullable=False, doc="How often we had it sent again."),
    Column("due_at", Instant, nullable=False, index=True, doc="When it is to be sent again."),
)

mirror_place = Table(
    "mirror_place",
    METADATA,
    Column(
        "repository_id",
        BigInteger,
        doc="No foreign key: a mirror may outlive what is known of its repository.",
    ),
    Column("place", String(64), doc="Digest of a machine's name and its data folder."),
    Column("seen_at", Instant, nullable=False, doc="When the place last said that it has the mirror."),
    PrimaryKeyConstraint("repository_id", "place"),
)
