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
    Column("number", Integer, nullable=False, doc="The pull request."),
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
    Column("number", Integer, nullable=False, doc="The pull request."),
    Column("head_sha", String(64), nullable=False, doc="The commit it stands on."),
    Column("check_run_id", BigInteger, nullable=False, doc="GitHub's id."),
    Column(
        "completed",
        Boolean,
        nullable=False,
        doc="False while it is in progress: whoever supersedes it closes it.",
    ),
    PrimaryKeyConstraint("run_id", "name"),
    Index(None, "repository_id", "number", "completed"),
)

sticky_comment = Table(
    "sticky_comment",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column("number", Integer, doc="The pull request it stands below."),
    Column("comment_id", BigInteger, doc="GitHub's id; empty where there is no comment, as far as we know."),
    Column("digest", String(64), nullable=False, doc="Of what it says: the same again costs no request."),
    Column(
        "writer",
        String(255),
        nullable=False,
        doc="The run that is about to make it, or was when its answer got lost; empty otherwise.",
    ),
    Column(
        "claimed_at",
        Instant,
        doc="Since when. While it is set there may be a comment whose id we do not know: it is looked for first.",
    ),
    Column(
        "problem", Text, nullable=False, doc="Why it could not be written, for people; empty when it could."
    ),
    PrimaryKeyConstraint("repository_id", "number"),
)

secret = Table(
    "secret",
    METADATA,
    Column("name", String(64), primary_key=True, doc="What it is, e.g. `app`."),
    Column("ciphertext", LargeBinary, nullable=False, doc="Sealed with a key that is not in the database."),
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
