"""What was measured, and what is known to flip."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gate.tables.github import repository
from gate.tables.schema import METADATA, Instant

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

happening = Table(
    "happening",
    METADATA,
    Column("repository_id", BigInteger, ForeignKey(repository.c.id)),
    Column("kind", String(16), doc="`policy` or `release`."),
    Column("sha", String(64), doc="The commit of the default branch, or the one that was tagged."),
    Column("text", Text, nullable=False, doc="What changed, or the tag's name, for people."),
    Column("at", Instant, nullable=False, doc="When it happened."),
    PrimaryKeyConstraint("repository_id", "kind", "sha"),
    Index(None, "repository_id", "at"),
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
    Column(
        "seen_on",
        Date,
        index=True,
        doc="The last day (UTC) on which it was written or read by measuring; null until the next clean-up sets it.",
    ),
    PrimaryKeyConstraint("repository_id", "check", "version", "configuration", "blob"),
)

tree_fact = Table(
    "tree_fact",
    METADATA,
    Column("repository_id", BigInteger, doc="No foreign key, as in `file_report`."),
    Column(
        "kind",
        String(64),
        doc="`attributes`, or `sums` with a digest of the rules that files were counted by.",
    ),
    Column("tree", String(64), doc="Git's id of the tree."),
    Column("content", LargeBinary, nullable=False, doc="What is known, as JSON, zlib-compressed when large."),
    Column("made_at", Instant, nullable=False, doc="When it was found out."),
    Column(
        "seen_on", Date, nullable=False, index=True, doc="The last day (UTC) on which it was written or read."
    ),
    PrimaryKeyConstraint("repository_id", "kind", "tree"),
    Index(None, "repository_id", "kind", "made_at"),
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
    Column("measured_at", Instant, nullable=False, index=True, doc="When the run ended."),
    Column(
        "content", LargeBinary, nullable=False, doc="The CoverageReport as JSON, zlib-compressed when large."
    ),
    UniqueConstraint(
        "repository_id", "tree", "check", "version", "environment", "inputs", "attempt", name="uq_report_run"
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
