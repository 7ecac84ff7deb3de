"""Contents with their votes as objects with stable keys, and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from triage.model.display import printable
from triage.model.grade import Proposal
from triage.model.vote import ContentVotes, Decision, Vote
from triage.store.ledgerrows import moment

COLUMNS = (
    "sha256",
    "state",
    "grade",
    "voters",
    "origin",
    "by",
    "proposed",
    "tags",
    "family",
    "hidden",
    "reason",
)
"""Keys of a line of the list."""

_LINE = "{:<64}  {:<12} {:<14} {:>6}  {:<14} {}"
TITLE = _LINE.format("SHA-256", "state", "grade", "voters", "proposed", "reason")


def line_object(one: ContentVotes, decision: Decision) -> dict[str, object]:
    """Give one content with what stands of it."""
    return {
        "sha256": one.sha256.hex(),
        "state": decision.state.value,
        "grade": decision.category.value if decision.category else None,
        "voters": decision.voters,
        "origin": decision.origin or None,
        "by": [printable(name) for name in decision.by],
        "proposed": _proposed(one),
        "tags": [printable(tag) for tag in decision.tags],
        "family": one.family,
        "hidden": one.hidden,
        "reason": decision.reason,
    }


def content_object(one: ContentVotes, decision: Decision) -> dict[str, object]:
    """Give one content with every vote and everything that the sets say."""
    return {
        **line_object(one, decision),
        "mime": printable(one.mime),
        "votes": [_vote(vote) for vote in one.votes],
        "reference_sets": [_proposal(proposal) for proposal in one.proposals],
    }


def list_line(one: ContentVotes, decision: Decision) -> str:
    """Give one content as a line that is as long as it has to be."""
    hidden = f"{one.hidden} votes hidden until you have voted" if one.hidden else ""
    return _LINE.format(
        one.sha256.hex(),
        decision.state,
        decision.category or "-",
        decision.voters,
        ", ".join(_proposed(one)) or "-",
        hidden or decision.reason,
    ).rstrip()


def content_lines(one: ContentVotes, decision: Decision) -> Iterator[str]:
    """Give one content as a page: what stands, who said what and why, and what the sets say."""
    yield f"{one.sha256.hex()}  {printable(one.mime)}"
    voters = "1 voter" if decision.voters == 1 else f"{decision.voters} voters"
    yield f"  {decision.state}: {decision.category or 'no grade'} ({voters})"
    if decision.reason:
        yield f"  {decision.reason}"
    if decision.tags:
        yield f"  tags: {', '.join(map(printable, decision.tags))}"
    yield "  votes:" if one.votes else "  votes: none"
    for vote in one.votes:
        yield f"    {_vote_words(vote)}"
    if one.hidden:
        yield f"    {one.hidden} more, hidden until you have voted"
    yield "  reference sets:"
    for proposal in one.proposals:
        said = f"{proposal.standing} {proposal.category or ''}".rstrip()
        yield f"    {said}{': ' + proposal.reason if proposal.reason else ''}"
        if proposal.conflict:
            yield f"    conflict: {proposal.conflict}"


def _vote_words(vote: Vote) -> str:
    words = f"{vote.number}  {moment(vote.at_s)}  {vote.kind} {vote.category or ''}".rstrip()
    if vote.code and vote.code != vote.category:
        words += f" (code {printable(vote.code)} of {vote.scheme} version {vote.scheme_version})"
    words += f" by {printable(vote.by)}, {vote.how}"
    if vote.through:
        words += f" of {vote.through.hex()}"
    if vote.source is not None:
        words += f" from {printable(vote.source.name)}, SHA-256 {vote.source.sha256}"
    if vote.tags:
        words += f" [{', '.join(map(printable, vote.tags))}]"
    return f"{words}: {printable(vote.why)}" if vote.why else words


def _vote(vote: Vote) -> dict[str, object]:
    source = vote.source
    return {
        "number": vote.number,
        "kind": vote.kind.value,
        "category": vote.category.value if vote.category else None,
        "scheme": vote.scheme or None,
        "scheme_version": vote.scheme_version or None,
        "code": printable(vote.code) or None,
        "by": printable(vote.by),
        "at": moment(vote.at_s),
        "why": printable(vote.why),
        "how": vote.how.value,
        "through": vote.through.hex() or None,
        "tags": [printable(tag) for tag in vote.tags],
        "source": None
        if source is None
        else {
            "name": printable(source.name),
            "sha256": source.sha256,
            "said_by": printable(source.said_by),
            "application": printable(source.application),
            "imported_by": printable(source.by),
            "imported_at": moment(source.at_s),
        },
    }


def _proposed(one: ContentVotes) -> list[str]:
    found = {str(proposal.category) for proposal in one.proposals if proposal.category}
    return sorted(found)


def _proposal(one: Proposal) -> dict[str, object]:
    return {
        "standing": one.standing.value,
        "category": one.category.value if one.category else None,
        "code": printable(one.original_code) or None,
        "scheme": printable(one.scheme) or None,
        "reason": one.reason,
        "conflict": one.conflict,
    }
