"""The Markdown of a check run: sentence, gate table, what turns it green, collapsed details, one footer.

Never more than `LIMIT_BYTES`; it judges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.core.details import details, items, named
from gate.core.gate_table import NOTHING, Row, rows
from gate.core.links import Links
from gate.core.markdown import Section, clean_lines, code, escape, fit, link, missing, prose, shorten, table
from gate.core.verdict import (
    CheckVerdict,
    Components,
    Outcome,
    Provenance,
    Reason,
    Refusal,
    Verdict,
    Waiver,
    joined,
)

LIMIT_BYTES = 60_000
"""GitHub takes 65,535 characters of summary and of text and does not say what a character is."""
MOST_PARTS = 20
"""Of a repository that get a gate table of their own in a check's summary."""
MOST_CHECKS = 60
"""Rows of the table of checks; of more, those that pass are left out first."""
MOST_WAIVERS = 20

WORDS = {
    Outcome.PASSED: "Passed",
    Outcome.BLOCKED: "Blocked",
    Outcome.WAIVED: "Waived",
    Outcome.COULD_NOT_MEASURE: "Could not measure",
    Outcome.SUPERSEDED: "Superseded",
}
"""Outcomes as people read them."""
NOT_ARMED = "Nothing is blocked, for the gate is not armed yet."
_MARKS = {
    Outcome.PASSED: "✅ ",
    Outcome.BLOCKED: "❌ ",
    Outcome.WAIVED: "✅ ",
    Outcome.COULD_NOT_MEASURE: "⚠️ ",
    Outcome.SUPERSEDED: "",
}
_DECISIVE = {"fail": 0, "waived": 1}
"""Which row tells of a check in `gate`; otherwise its first."""
_RESULTS = {"pass": "✅ pass", "fail": "❌ fail", "waived": "✅ waived", "reported": "reported"}
_TITLE_CHARACTERS = 300
_CAUSE_CHARACTERS = 3000
_OUTPUT_LINES = 40
_OUTPUT_CHARACTERS = 350
"""Of a line; a character has four bytes at most."""
_OWN = "⚠️ **By the author of this very change**, the only person here with a role that may. "


def would(outcome: Outcome) -> str:
    """What the outcome is called in advise mode."""
    match outcome:
        case Outcome.BLOCKED:
            return "Would have been blocked"
        case Outcome.COULD_NOT_MEASURE:
            return "Would have failed for want of a measurement"
        case Outcome.WAIVED:
            return "Would have been waived"
        case _:
            return f"Would have {WORDS[outcome].lower()}"


def without_word(outcome: Outcome, title: str) -> str:
    """The title less the outcome's word where it begins with it: `: coverage, complexity` of `Blocked: coverage, complexity`."""
    return title.removeprefix(WORDS[outcome])


def of_stage(stage: str, links: Links, late: str) -> str:
    """Of `gate` in progress."""
    remark = f"{late}\n\n" if late else ""
    return f"{prose(stage)}\n\n{remark}<sub>{compared(links.head_sha, links.base_sha)}{full_report(links)}</sub>\n"


def of_installation(links: Links) -> str:
    """Of the first `gate` on a default branch."""
    rules = link("Settings, Rules, Rulesets", f"{links.web_url}/settings/rules" if links.web_url else "")
    return (
        "Nothing is judged here: this check run exists so that `gate` can be chosen.\n\n"
        f"To have it block merging, add a ruleset for this branch under {rules}: *Require status checks to pass*, "
        "add `gate`, and choose this App as its expected source. Without a ruleset the verdicts are advice.\n\n"
        "The default branch is being measured now; coverage blocks once its tests have run.\n"
    )


def of_newer(newer_sha: str, links: Links, ended: str) -> str:
    """Of a check run that a newer head closed, or, without a sha, whatever `ended` says."""
    if not newer_sha:
        return f"{ended} before there was a verdict.\n"
    newer = link(code(newer_sha[:7]), links.commit(newer_sha))
    return f"Superseded by {newer}: only the newest head of a pull request is judged.\n"


def of_failure(text: str, hint: str, links: Links, *, neutral: bool) -> str:
    """Of `gate` that could not measure anything: the cause and the next step, both plain sentences."""
    consequence = NOT_ARMED if neutral else "The gate fails, for nothing turns green without a measurement."
    mark = _MARKS[Outcome.COULD_NOT_MEASURE]
    cause, step = (prose(shorten(part, _CAUSE_CHARACTERS)) for part in (text, hint))
    paragraphs = [f"{mark}**Could not measure.** {cause}", step, consequence]
    foot = f"<sub>{compared(links.head_sha, links.base_sha)}{full_report(links)}</sub>"
    return fit("\n\n".join(filter(None, paragraphs)), (), foot, limit_bytes=LIMIT_BYTES)


def of_annotations(most: int, found: int, links: Links, check: str) -> str:
    """Of annotations that are more than GitHub is sent: how many are shown, and where the rest is told."""
    if found <= most:
        return ""
    page = link("full report", links.run(check))
    return f"{most} of {found:,} annotations are shown, the worst first: see the {page}."


def of_check(
    check: CheckVerdict,
    provenance: Provenance,
    links: Links,
    *,
    advise: bool,
    remark: str = "",
    components: Components = (),
) -> str:
    """Of one check, with what it says of each component; the remark is a sentence of ours below the gate tables."""
    parts = [("", check)]
    whole = check
    head = _of_part(check, "the whole tree", advise=advise)
    if components:
        whole = joined(check, components)
        head = [sentence(whole.outcome, whole.title, advise=advise)]
        # What decides comes first, for a summary that is too long loses its last rows; and the rest last.
        parts = sorted(
            [*parts, *components], key=lambda part: (part[1].outcome is not whole.outcome, not part[0])
        )
        for name, each in parts[:MOST_PARTS]:
            head.append(f"#### {code(name) if name else 'The rest of the repository'}")
            head += _of_part(each, "the component" if name else "the rest", advise=advise)
        head += missing(len(parts) - MOST_PARTS)
    if remark:
        head.append(remark)
    head += waiver_paragraphs(whole.waivers)
    # A check that is not armed has nothing to pass, and its reason names the next step already.
    to_pass = [reason for _, each in parts if not each.neutral for reason in each.to_pass]
    sections = [
        *demands([reason for _, each in parts for reason in each.reasons], to_pass, links),
        Section(f"Waived ({len(whole.waived):,})", items(whole.waived, links), collapsed=True),
    ]
    for name, each in parts[:MOST_PARTS]:
        of = f" in {name}" if name else ""
        sections += [replace(part, title=f"{part.title}{of}") for part in details(each, links)]
    return fit("\n\n".join(head), sections, footer(provenance, links, check.check), limit_bytes=LIMIT_BYTES)


def of_verdict(verdict: Verdict, links: Links) -> str:
    """Of `gate`: one row a check, what turns it green, and what the change loosens."""
    head = [sentence(verdict.outcome, verdict.title, advise=verdict.advise)]
    if verdict.every_check:
        head.append(checks_table(verdict, links, change="This change", base="Base"))
    head += waivers_of(verdict)
    if verdict.refusals:
        head.append("\n".join(f"- {_refused(refusal)}" for refusal in verdict.refusals))
    if verdict.comment_problem:
        head.append(
            f"The comment below the pull request could not be written. {prose(shorten(verdict.comment_problem, 500))}"
        )
    all_loosened = (*verdict.loosened, *verdict.loosened_waived)
    loosened = Section(
        f"Loosened by this change ({len(all_loosened):,})", items(all_loosened, links), collapsed=True
    )
    sections = [*demands_of(verdict, links), *_preview(verdict, links), loosened]
    return fit("\n\n".join(head), sections, footer(verdict.provenance, links), limit_bytes=LIMIT_BYTES)


def _preview(verdict: Verdict, links: Links) -> list[Section]:
    """Nothing for a policy that cannot be read: its mistakes stand among what to do."""
    if verdict.preview is None or verdict.preview.mistakes:
        return []
    return [Section("With the policy of this pull request", items(verdict.preview.sentences, links))]


def of_output(output: str) -> str:
    """The last lines of an output as a code block that it cannot end; empty for an empty output."""
    lines = [shorten(line, _OUTPUT_CHARACTERS) for line in clean_lines(output)[-_OUTPUT_LINES:]]
    if not any(lines):
        return ""
    fence = "`" * max(3, *(line.count("`") + 1 for line in lines))
    return "\n".join((f"The last {len(lines)} lines of the output:", "", f"{fence}text", *lines, fence, ""))


def waiver_paragraphs(waivers: Sequence[Waiver]) -> list[str]:
    """A paragraph for each: what is waived, by whom, when and why; an author's own is not to be overlooked."""
    told = [f"{_OWN if waiver.own else ''}{_waiver(waiver)}" for waiver in waivers[:MOST_WAIVERS]]
    return told + missing(len(waivers) - MOST_WAIVERS)


def waivers_of(verdict: Verdict) -> list[str]:
    """The same of all waivers of a verdict, each once."""
    given = [waiver for _, check in verdict.every_check for waiver in check.waivers]
    return waiver_paragraphs(list(dict.fromkeys([*given, *verdict.loosening_waivers])))


def _waiver(waiver: Waiver) -> str:
    who = f"{escape(waiver.person)}, who has the role {escape(waiver.role)}"
    when = f"{waiver.given_at:%Y-%m-%d %H:%M} UTC"
    count = f"{len(waiver.reasons):,} {'reason' if len(waiver.reasons) == 1 else 'reasons'}"
    return f"**{waiver.check.capitalize()} waived** by {who}, on {when}, for {count}: {prose(shorten(waiver.why, 500))}"


def _refused(refusal: Refusal) -> str:
    return f"{code(refusal.command)} by {escape(refusal.person)} was not accepted. {prose(refusal.text)}"


def _of_part(check: CheckVerdict, files: str, *, advise: bool) -> list[str]:
    """Sentence and gate table of a check on those files."""
    told = [sentence(check.outcome, check.title, advise=advise)]
    if gate_rows := rows(check, files):
        cells = [_cells(row) for row in gate_rows]
        told.append(table(("Measure", "Now:", "Gate:", "Base:", "Result"), cells))
    if check.unarmed:
        told.append("Nothing is blocked: this check is not armed yet.")
    return told


def sentence(outcome: Outcome, title: str, *, advise: bool) -> str:
    """Mark, word and title of an outcome: what every text begins with."""
    word = f"{would(outcome)}, but the mode is advise" if advise else WORDS[outcome]
    title = shorten(title, _TITLE_CHARACTERS)
    rest = without_word(outcome, title)
    between = "" if rest != title else ". "
    return f"{_MARKS[outcome]}**{word}**{between}{prose(rest)}."


def _cells(row: Row) -> tuple[str, ...]:
    return escape(row.measure), _now(row), escape(row.gate), escape(row.base), _RESULTS[row.result]


def _now(row: Row) -> str:
    return f"**{escape(row.now)}**" + (f" in {named(row.subject)}" if row.subject else "")


def checks_table(verdict: Verdict, links: Links, *, change: str, base: str) -> str:
    """One row a check; `change` and `base` (Markdown) head the columns of what was found."""
    header = ("Check", "Result", f"{change}:", "Gate:", f"{base}:")
    checks = list(verdict.every_check)
    if len(checks) > MOST_CHECKS:
        checks.sort(key=lambda each: each[1].outcome is Outcome.PASSED)
    told = table(header, [_overall_cells(check, links, name) for name, check in checks[:MOST_CHECKS]])
    return "\n\n".join([told, *missing(len(checks) - MOST_CHECKS)])


def _overall_cells(check: CheckVerdict, links: Links, component: str = "") -> tuple[str, ...]:
    name = link(check.check.capitalize(), links.run(check.check))
    if component:
        name += f" of {code(component)}"
    armed = " (not armed)" if check.unarmed else ""
    result = f"{_MARKS[check.outcome]}{WORDS[check.outcome].lower()}{armed}"
    found = rows(check)
    decisive = min(found, key=lambda row: _DECISIVE.get(row.result, len(_DECISIVE)), default=None)
    if decisive is None or check.outcome is Outcome.COULD_NOT_MEASURE:
        return name, result, prose(shorten(check.title, _TITLE_CHARACTERS)), NOTHING, NOTHING
    now = f"{_now(decisive)}, {escape(decisive.measure.lower())}"
    return name, result, now, escape(decisive.gate), escape(decisive.base)


def demands(reasons: Sequence[Reason], to_pass: Sequence[Reason], links: Links) -> list[Section]:
    """What turns it green, and why it is not; the reasons stand open where there is nothing to do first."""
    why = Section(f"Why ({len(reasons):,})", items(reasons, links), collapsed=bool(to_pass))
    return [Section("To pass", items(to_pass, links, numbered=True)), why]


def demands_of(verdict: Verdict, links: Links) -> list[Section]:
    """The same of a whole verdict, but for what is not armed."""
    reasons = [reason for _, check in verdict.every_check if not check.neutral for reason in check.reasons]
    return demands(reasons, verdict.to_pass, links)


def compared(head_sha: str, base_sha: str) -> str:
    """Head and base: `3c81f0a` against `9f31c2e`."""
    head = code(head_sha[:7] if head_sha != "working tree" else head_sha)
    return f"{head} against {code(base_sha[:7])}" if base_sha else head


def full_report(links: Links, anchor: str = "") -> str:
    """The link to the page of the run, with what parts it from the text before; nothing without a page."""
    url = links.run(anchor)
    return f" · {link('full report', url)}" if url else ""


def footer(provenance: Provenance, links: Links, check: str = "") -> str:
    """What was compared, by which rules, and how the check's numbers were obtained."""
    age = provenance.base_age_days
    if provenance.base:
        base = f" ({age} {'day' if age == 1 else 'days'} old)" if age is not None else ""
    else:
        base = ", with nothing before it" if provenance.policy_digest else ""
    source = escape(shorten(provenance.policy_source, 200))
    digest = f", digest {code(provenance.policy_digest[:12])}" if provenance.policy_digest else ""
    policy = f"gates from {source}{digest}"
    line = f"{compared(provenance.head, provenance.base)}{base} · {policy}{full_report(links, check)}"
    obtained = [sentence for name, sentence in provenance.obtained if name == check]
    how = " ".join(escape(shorten(sentence, 300)) for sentence in obtained)
    return "<br>\n".join(f"<sub>{part}</sub>" for part in (line, how) if part)
