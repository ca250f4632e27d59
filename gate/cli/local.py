"""A person's checkout as code to be measured: which revisions, whose policy, and a store in the user's cache folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from gate.core.event import RepositoryRef
from gate.core.policy import Defaults, parse, read_defaults, told
from gate.git import Checkout, Repository
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.workflows.judge import WORKING_TREE
from gate.workflows.measure import Code
from gate.workflows.question import Question
from gate.workflows.rules import rules_at
from gate.workflows.settings_of import policy_source

UNKNOWN = Defaults(absent="an organisation's defaults are not known here, --defaults FILE names a copy")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line; empty strings where nothing was."""

    base: str = ""
    head: str = ""
    policy_file: Path | None = None
    defaults_file: Path | None = None
    """What the organisation says for all its repositories."""


@contextmanager
def local_service(*, cache: bool) -> Iterator[Service]:
    """The service of this machine: settings of the environment, a store in the user's cache folder or in memory.

    Raises: SettingsError.
    """
    settings = Settings.from_environment()
    folder = settings.cache_dir
    settings = replace(settings, data_dir=folder)
    with Store.in_memory() if not cache else Store(f"sqlite:///{_made(folder) / 'check.db'}") as store:
        store.migrate()
        yield Service(settings, store=store)


@contextmanager
def checkout_at(path: Path) -> Iterator[Checkout]:
    """The git checkout that holds `path`. Raises: Permanent where there is none."""
    with Checkout.find(path) as checkout:
        yield checkout


def code_of(service: Service, checkout: Checkout) -> Code:
    """The checkout as code to measure; clones of one repository on one machine share nothing."""
    number = int.from_bytes(hashlib.sha256(str(checkout.root).encode()).digest()[:6])
    service.store.save_repository(RepositoryRef(0, number, f"local/{number}", "", private=True))
    return Code(number, checkout)


def question_of(checkout: Checkout, wanted: Wanted) -> Question:
    """What is compared, and by which rules: see `docs/policy.md`, `gate check`.

    Raises: PolicyError; click.UsageError for revisions that are not there.
    """
    head, head_name = _head(checkout, wanted.head)
    rules, rules_name = _rules(checkout, wanted.base)
    base = _base(checkout, wanted, head_name, rules)
    defaults = defaults_in(wanted.defaults_file)
    if (file := wanted.policy_file) is not None:
        policy = parse(file.read_bytes(), source=str(file), over=defaults.policy)
        source = told(str(file), "", defaults)
    else:
        found = rules_at(checkout, rules, rules_name, head=head, base=base, over=defaults.policy)
        rules, policy = found.sha, found.policy
        source = policy_source(checkout, rules, found.name, defaults)
    age = (datetime.now(UTC) - checkout.committed_at(base)).days if base else None
    return Question(base, head, head_name, rules, policy, source, base_age_days=age, defaults=defaults.policy)


def defaults_in(file: Path | None) -> Defaults:
    """An organisation's defaults, from a copy of its file: only GitHub has the original. Raises: PolicyError."""
    if file is None:
        return UNKNOWN
    return read_defaults(file.read_bytes(), source=str(file))


def revision(checkout: Repository, name: str) -> str:
    """The full sha of a revision. Raises: click.UsageError."""
    sha = checkout.resolve(name)
    if sha is None:
        raise click.UsageError(
            f"no commit is called {name!r} here; in a shallow clone, fetch more history first (git fetch --unshallow)"
        )
    return sha


def _head(checkout: Checkout, wanted: str) -> tuple[str, str]:
    """(tree-ish, name) of the head: a revision, or the files as they are where they differ from HEAD."""
    if wanted:
        sha = revision(checkout, wanted)
        return sha, sha
    tree = checkout.working_tree()
    last = checkout.resolve("HEAD")
    return (last, last) if last is not None and checkout.tree(last) == tree else (tree, WORKING_TREE)


def _rules(checkout: Checkout, base: str) -> tuple[str, str]:
    """(revision, name) whose policy counts: the one compared with, or the default branch's tip."""
    if base:
        return revision(checkout, base), base
    branch = checkout.default_branch()
    sha = checkout.resolve(branch) if branch else None
    return (sha or "", branch or "")


def _base(checkout: Checkout, wanted: Wanted, head_name: str, rules: str) -> str:
    """The sha compared with: the one named, or the merge base with the default branch; empty before a first commit."""
    if wanted.base:
        return rules
    commit = checkout.resolve("HEAD") if head_name == WORKING_TREE else head_name
    if commit is None:
        return ""
    if not rules:
        raise click.UsageError(
            "no default branch found (origin/HEAD, main, master): name the base with --base REV"
        )
    base = checkout.merge_base(commit, rules)
    if base is None:
        raise click.UsageError(
            f"{commit[:10]} and the default branch have no common ancestor: name the base with --base REV"
        )
    return base


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
