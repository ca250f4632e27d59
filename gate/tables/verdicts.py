"""What was said: verdicts, waivers, and what of them stands on GitHub."""

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

from gate.tables.github import repository
from gate.tables.schema import METADATA, Instant

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
        "why", Text, doc="In short what decided, for lists; null in rows of before there was such a column."
    ),
    Column(
        "patch_covered", Integer, doc="Of its new executable lines; null where coverage was not measured."
    ),
    Column("patch_executable", Integer, doc="Likewise."),
    Column(
        "waived_outcome",
        String(32),
        doc="The outcome with the waivers of its pull request; null where that is still to be looked up.",
    ),
    Column(
        "content",
        LargeBinary,
        nullable=False,
        doc="The whole Verdict as it was judged, as JSON, zlib-compressed when large; waivers are applied when it is read.",
    ),
    Index(None, "repository_id", "number", "recorded_at"),
    Index(None, "repository_id", "head_sha"),
    Index(None, "repository_id", "recorded_at"),
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
    Column("made_at", Instant, doc="When it was first about to be made; null of before it was kept."),
    Column(
        "notice",
        String(16),
        nullable=False,
        server_default="",
        doc="Of `gate`: `telling` while somebody is about to say that it is late, `told`, then `ended` before it is completed.",
    ),
    Column("notice_at", Instant, doc="Since when."),
    PrimaryKeyConstraint("run_id", "name"),
    Index(None, "repository_id", "number", "completed"),
    Index(None, "completed", "due_at"),
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
