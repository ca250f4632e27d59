"""The schema: every table of Gate's own, each column explained. Uniqueness constraints carry the invariants.

It moves no data: `gate.store` does. The engine's tables are elsewhere and never touched. A change here needs a
migration beside it; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite itself knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC. Raises: ValueError for a time without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"the time {value} has no zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


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
    Column("reconciled_at", Instant, doc="When its open pull requests were last compared with GitHub's."),
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
    PrimaryKeyConstraint("repository_id", "number"),
    Index(None, "repository_id", "head_sha"),
    Index(None, "repository_id", "updated_at"),
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

revision = Table(
    "revision",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column("sha", String(64), doc="A commit of the default branch that was measured."),
    Column("committed_at", Instant, nullable=False, doc="The committer's time."),
    PrimaryKeyConstraint("repository_id", "sha"),
    Index(None, "repository_id", "committed_at"),
)

measurement = Table(
    "measurement",
    METADATA,
    Column("repository_id", BigInteger),
    Column("sha", String(64)),
    Column("metric", String(64), doc="Name from the catalogue, e.g. `sloc`; it has unit and direction."),
    Column("value", BigInteger, nullable=False, doc="The sum over the sources of the tree; integers only."),
    PrimaryKeyConstraint("repository_id", "sha", "metric"),
    ForeignKeyConstraint(
        ["repository_id", "sha"], [revision.c.repository_id, revision.c.sha], ondelete="CASCADE"
    ),
)

file_report = Table(
    "file_report",
    METADATA,
    Column(
        "repository_id",
        BigInteger,
        doc="No foreign key: `gate check` keeps reports of checkouts that GitHub knows nothing of.",
    ),
    Column("check", String(64), doc="Name from the catalogue."),
    Column("version", String(128), doc="Of the check, its tools and the interpreter."),
    Column("configuration", String(128), doc="Digest of the options that enter the report; may be empty."),
    Column("blob", String(64), doc="Git's id of the content."),
    Column("content", LargeBinary, nullable=False, doc="The FileReport as JSON, zlib-compressed when large."),
    PrimaryKeyConstraint("repository_id", "check", "version", "configuration", "blob"),
)

report = Table(
    "report",
    METADATA,
    Column("id", Integer, primary_key=True, doc="Rises with time."),
    Column("repository_id", BigInteger, nullable=False, doc="No foreign key, as in `file_report`."),
    Column(
        "tree", String(64), nullable=False, doc="Git's id of the tree measured; equal trees share reports."
    ),
    Column("check", String(64), nullable=False, doc="`coverage`; one kind so far."),
    Column("version", String(128), nullable=False, doc="Of the tool and the interpreter."),
    Column("environment", String(128), nullable=False, doc="Key of the environment the tests ran in."),
    Column("inputs", String(128), nullable=False, doc="Digest of the policy's parts that enter the run."),
    Column("attempt", Integer, nullable=False, doc="From 1; a re-run adds one and replaces none."),
    Column("measured", Boolean, nullable=False, doc="Whether the tests ran; only such a report is reused."),
    Column("measured_at", Instant, nullable=False, doc="When the run ended."),
    Column(
        "content", LargeBinary, nullable=False, doc="The CoverageReport as JSON, zlib-compressed when large."
    ),
    UniqueConstraint(
        "repository_id", "tree", "check", "version", "environment", "inputs", "attempt", name="uq_report_run"
    ),
)

verdict = Table(
    "verdict",
    METADATA,
    Column(
        "run_id",
        String(255),
        primary_key=True,
        doc="The workflow that judged; external id of its check runs.",
    ),
    Column("repository_id", BigInteger, ForeignKey(repository.c.id), nullable=False),
    Column(
        "number",
        Integer,
        nullable=False,
        doc="The pull request; of a merge group the one it is named after; else 0.",
    ),
    Column(
        "branch",
        String(255),
        nullable=False,
        server_default="",
        doc="Where a head was pushed that is no pull request's: the merge queue's branch, or a gated one.",
    ),
    Column("head_sha", String(64), nullable=False, doc="The commit judged."),
    Column("outcome", String(32), nullable=False, doc="As `docs/policy.md` spells it, before any waiver."),
    Column(
        "policy_sha", String(64), nullable=False, doc="Commit whose policy judged; empty for the defaults."
    ),
    Column("policy_digest", String(128), nullable=False, doc="Of the effective policy."),
    Column("recorded_at", Instant, nullable=False, doc="When it was first saved."),
    Column(
        "content",
        LargeBinary,
        nullable=False,
        doc="The whole Verdict as it was judged, as JSON, zlib-compressed when large; waivers are applied when it is read.",
    ),
    Index(None, "repository_id", "number", "recorded_at"),
    Index(None, "repository_id", "head_sha"),
)

waiver = Table(
    "waiver",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column(
        "origin",
        String(255),
        doc="What asked for it, e.g. `comment:17:0` for the first command of a comment; one asks once.",
    ),
    Column("number", Integer, nullable=False, doc="The pull request."),
    Column("check", String(64), nullable=False, doc="`coverage`, `complexity`, `security` or `loosening`."),
    Column("person", String(255), nullable=False, doc="Login of who gave it."),
    Column("role", String(255), nullable=False, doc="The person's role on GitHub at that moment."),
    Column("given_at", Instant, nullable=False, doc="When. A waiver is never changed or taken back."),
    Column(
        "content", LargeBinary, nullable=False, doc="The whole Waiver as JSON, zlib-compressed when large."
    ),
    PrimaryKeyConstraint("repository_id", "origin"),
    Index(None, "repository_id", "number"),
)

refusal = Table(
    "refusal",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column("origin", String(255), doc="As in `waiver`."),
    Column("number", Integer, nullable=False, doc="The pull request."),
    Column("head_sha", String(64), nullable=False, doc="Its head then: the answer is shown there alone."),
    Column("person", String(255), nullable=False, doc="Login of who wrote the command."),
    Column("command", Text, nullable=False, doc="As it was written, shortened."),
    Column("text", Text, nullable=False, doc="Why it was not carried out."),
    Column("given_at", Instant, nullable=False, doc="When."),
    PrimaryKeyConstraint("repository_id", "origin"),
    Index(None, "repository_id", "number"),
)

check_run = Table(
    "check_run",
    METADATA,
    Column("run_id", String(255), doc="The workflow that publishes it."),
    Column("name", String(255), doc="`gate`, `gate / coverage`, ..."),
    Column("repository_id", BigInteger, ForeignKey(repository.c.id), nullable=False),
    Column("number", Integer, nullable=False, doc="As in `verdict`."),
    Column(
        "branch",
        String(255),
        nullable=False,
        server_default="",
        doc="As in `verdict`.",
    ),
    Column("head_sha", String(64), nullable=False, doc="The commit it stands on."),
    Column(
        "check_run_id",
        BigInteger,
        nullable=False,
        doc="GitHub's id; 0 from before the request that makes it until its answer, which may be lost.",
    ),
    Column(
        "completed",
        Boolean,
        nullable=False,
        doc="False while it is in progress: whoever supersedes it closes it.",
    ),
    Column("due_at", Instant, doc="When it is ended with that cause; none while its run waits for a worker."),
    PrimaryKeyConstraint("run_id", "name"),
    Index(None, "repository_id", "number", "completed"),
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

secret = Table(
    "secret",
    METADATA,
    Column("name", String(64), primary_key=True, doc="What it is, e.g. `app`."),
    Column("ciphertext", LargeBinary, nullable=False, doc="Sealed with a key that is not in the database."),
)

session = Table(
    "session",
    METADATA,
    Column(
        "digest",
        String(64),
        primary_key=True,
        doc="SHA-256 of the value in the browser's cookie, in hexadecimal: who reads the table can open no session.",
    ),
    Column(
        "user_id", BigInteger, nullable=False, index=True, doc="GitHub's id of the person; survives renames."
    ),
    Column("login", String(255), nullable=False, doc="As GitHub last said it."),
    Column("tokens", LargeBinary, nullable=False, doc="The UserTokens, sealed as in `secret`."),
    Column(
        "content",
        LargeBinary,
        nullable=False,
        doc="What GitHub last let the person see: the UserView as JSON, zlib-compressed when large.",
    ),
    Column("created_at", Instant, nullable=False, doc="When the person signed in; it bounds `expires_at`."),
    Column("checked_at", Instant, nullable=False, doc="When GitHub was last asked what the person may see."),
    Column(
        "expires_at",
        Instant,
        nullable=False,
        index=True,
        doc="When it ends unless it is used; moved on with each check, up to a limit.",
    ),
    Column(
        "claimed_until",
        Instant,
        doc="While somebody asks GitHub on its behalf: refresh tokens work once, so nobody else may. Else null.",
    ),
)

unstable_line = Table(
    "unstable_line",
    METADATA,
    Column("repository_id", BigInteger, doc="No foreign key, as in `file_report`."),
    Column("identity", String(64), doc="Digest of path, scope and statement; no line number, which moves."),
    Column("path", Text, nullable=False, doc="Of the file, when it was seen."),
    Column(
        "scope", Text, nullable=False, doc="Qualified name of the function or class; empty at module level."
    ),
    Column(
        "digest", String(64), nullable=False, doc="Of the statement's syntax: another one is another line."
    ),
    Column("seen_at", Instant, nullable=False, doc="When it last flipped between two runs of the same code."),
    PrimaryKeyConstraint("repository_id", "identity"),
)

flaky_test = Table(
    "flaky_test",
    METADATA,
    Column("repository_id", BigInteger, doc="No foreign key, as in `file_report`."),
    Column("identity", String(64), doc="Digest of the name, which may be long."),
    Column("name", Text, nullable=False, doc="As the runner gives it."),
    Column("seen_at", Instant, nullable=False, doc="When it last failed and passed on the same code."),
    PrimaryKeyConstraint("repository_id", "identity"),
)
