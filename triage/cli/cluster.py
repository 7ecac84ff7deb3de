"""The options by which a run is spread over several hosts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from triage.errors import UsageFault
from triage.model.event import Event, Notice

if TYPE_CHECKING:
    from triage.scheduler.cluster import ClusterPool
    from triage.scheduler.clusterlink import Certificates

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_CERTIFICATES = ("cluster_ca", "cluster_cert", "cluster_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterWish:
    """Where a cluster is, and how it is spoken to.

    Attributes:
        certificates: authority, certificate and key, or nothing.
    """

    address: str
    patience_s: float
    certificates: tuple[Path, ...]


def cluster_options(function: FunctionT) -> FunctionT:
    """Give a command the options; it takes them as ``**cluster`` for :func:`cluster_wish`."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    options = (
        click.option(
            "--cluster",
            "cluster_address",
            metavar="ADDRESS",
            help="Work on the hosts of a Dask cluster that see the images at the same path; the "
            "address of its scheduler, such as tcp://host:8786.",
        ),
        click.option(
            "--cluster-patience",
            type=click.FloatRange(1),
            default=60.0,
            show_default=True,
            help="Seconds that the cluster may be without any worker.",
        ),
        click.option("--cluster-ca", type=file, help="Authority of a tls:// cluster (PEM)."),
        click.option("--cluster-cert", type=file, help="Own certificate for it (PEM)."),
        click.option("--cluster-key", type=file, help="Own key for it (PEM)."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def cluster_wish(
    given: dict[str, Any], *, workers: int | None, one_reader: bool
) -> ClusterWish | None:
    """Give what was asked for, ``None`` where it was no cluster.

    Raises:
        UsageFault: the options contradict each other.
    """
    files = [given[name] for name in _CERTIFICATES]
    address: str | None = given["cluster_address"]
    if address is None:
        if any(files):
            raise UsageFault("certificates of a cluster are given, and no --cluster")
        return None
    if workers is not None:
        raise UsageFault("--workers is about this machine; a cluster has the workers it has")
    if one_reader:
        raise UsageFault("--medium hdd lets one process read at a time, and --cluster many hosts")
    if address.startswith("tls://") != any(files) or any(files) != all(files):
        raise UsageFault(
            "a tls:// cluster, and no other, needs --cluster-ca, --cluster-cert and --cluster-key"
        )
    return ClusterWish(
        address=address,
        patience_s=given["cluster_patience"],
        certificates=tuple(files) if all(files) else (),
    )


def cluster_pool(
    wish: ClusterWish,
    images: Sequence[Path],
    memory_limit_bytes: int,
    tell: Callable[[Event], None],
) -> ClusterPool:
    """Connect to a cluster, whose hosts have to agree with this one.

    Args:
        tell: is told of hosts that turn up later and do not.

    Raises:
        ClusterError: there is none, it has no worker, or the hosts differ.
    """
    from triage.pipeline import alike  # noqa: PLC0415  (help stays instant)
    from triage.scheduler.cluster import ClusterPool  # noqa: PLC0415  (likewise)
    from triage.scheduler.clusternodes import Probe  # noqa: PLC0415  (likewise)

    places = tuple(str(path.absolute()) for path in images)
    return ClusterPool(
        wish.address,
        probe=Probe(
            function=alike.facts_of_worker,
            asked=places,
            here=alike.facts(places),
        ),
        memory_limit_bytes=memory_limit_bytes,
        patience_s=wish.patience_s,
        certificates=_certificates(wish),
        refused=lambda words: tell(Notice(text=f"left out: {words}")),
    )


def _certificates(wish: ClusterWish) -> Certificates | None:
    from triage.scheduler.clusterlink import Certificates  # noqa: PLC0415  (help stays instant)

    if not wish.certificates:
        return None
    authority, certificate, key = wish.certificates
    return Certificates(authority=authority, certificate=certificate, key=key)
