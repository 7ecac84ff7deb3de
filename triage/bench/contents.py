"""Tells all that a grader may know of one content: its files, facts, matches, votes and notes."""

from __future__ import annotations

from triage.bench.told import (
    ToldContent,
    ToldFacts,
    ToldMatch,
    ToldMember,
    ToldNote,
    ToldPlace,
    ToldVote,
)
from triage.grading.voting import decide
from triage.model.display import iso_time, printable
from triage.model.entry import Origin
from triage.model.match import Match
from triage.model.packing import origin_of
from triage.model.picturefacts import PictureFacts
from triage.model.thumbnail import LinkHow
from triage.model.vote import Vote, same_person
from triage.store import benchlines, occurrences
from triage.store.boardrows import BoardCase
from triage.store.database import Store
from triage.store.occurrences import Occurrence
from triage.store.picturefacts import facts_of
from triage.store.votes import Votes

PLACES_TOLD = 100
"""Files that hold a content, told at once."""


def told_content(  # noqa: PLR0913  (a content in its place, seen by somebody)
    store: Store, case: BoardCase, grader: str, member: ToldMember, stack: str, *, first: int
) -> ToldContent:
    """Put together what is known of a content.

    Args:
        grader: from whom others' votes and notes are kept until a vote of theirs stands.
        member: the content as its stack tells it; ``stack``: key of that.
        first: number of the first file to tell, from 0.
    """
    connection, ids = store.connection, case.exhibit_ids
    sha256 = bytes.fromhex(member.sha256)
    said = Votes(connection).of(case.reference, [sha256], blind=grader)
    votes = said[0].votes if said else ()
    knows = member.mine is not None
    notes = benchlines.notes_of(connection, case.case_id, sha256)
    mine = [one for one in notes if knows or same_person(one.by) == same_person(grader)]
    found = occurrences.occurrences_of(connection, ids, sha256, first=first, limit=PLACES_TOLD + 1)
    md5, sha1 = occurrences.digests_of(connection, ids, sha256)
    facts = facts_of(connection, ids, [sha256]).get(sha256)
    return ToldContent(
        stack=stack,
        content=member,
        md5=md5.hex(),
        sha1=sha1.hex(),
        places=tuple(map(_place, found[:PLACES_TOLD])),
        more=first + PLACES_TOLD if len(found) > PLACES_TOLD else None,
        facts=None if facts is None else _facts(facts),
        matches=tuple(map(_match, occurrences.matches_of(connection, ids, sha256))),
        votes=tuple(map(_vote, votes)),
        decision=decide(votes, said[0].proposals).reason if knows and said else "",
        notes=tuple(ToldNote(by=one.by, at_s=one.at_s, words=one.words) for one in mine),
        hidden_notes=len(notes) - len(mine),
    )


def _place(one: Occurrence) -> ToldPlace:
    naive = one.naive_local
    path = printable(one.path) + (f":{printable(one.stream)}" if one.stream else "")
    return ToldPlace(
        exhibit=printable(one.exhibit),
        evidence=printable(one.evidence),
        volume=printable(one.volume),
        path=path,
        allocation=_lay(one),
        size_bytes=one.size_bytes,
        created=iso_time(one.created_ns, naive_local=naive) or "",
        modified=iso_time(one.modified_ns, naive_local=naive) or "",
        accessed=iso_time(one.accessed_ns, naive_local=naive) or "",
    )


def _lay(one: Occurrence) -> str:
    """Say where a file lay, as possession turns on it."""
    origin = origin_of(one.flags)
    if origin is Origin.CARVED:
        return "carved: found between files, without a name"
    if origin is Origin.FILE:
        return one.allocation
    if not one.original:
        return "thumbnail, original absent" if one.how else "thumbnail"
    looks = "looks like " if one.how == LinkHow.LOOKS else "of "
    return f"thumbnail {looks}{printable(one.original)}"


def _facts(one: PictureFacts) -> ToldFacts:
    return ToldFacts(
        make=printable(one.make),
        model=printable(one.model),
        serial=printable(one.serial),
        software=printable(one.software),
        taken=printable(one.taken),
        latitude=one.latitude,
        longitude=one.longitude,
    )


def _match(one: Match) -> ToldMatch:
    return ToldMatch(
        pack=printable(one.pack),
        version=printable(one.pack_version),
        kind=one.kind,
        algorithm=one.algorithm,
        distance_bits=one.distance_bits,
        polarity=one.polarity,
        code=printable(one.code),
        detail=printable(one.detail),
    )


def _vote(one: Vote) -> ToldVote:
    return ToldVote(
        kind=one.kind,
        category=one.category,
        code=printable(one.code),
        by=printable(one.by),
        at_s=one.at_s,
        why=printable(one.why),
        how=one.how,
        tags=tuple(map(printable, one.tags)),
        source=printable(one.source.name) if one.source else "",
    )
