"""A planned re-render of many applications at once, made in one statement so that all are queued at the same moment.

It does to the rows what `submit_work` does with another content: each Deployment says another turn in an annotation of
its own, which starts no pod; the generation rises and the Work is due. The digest is emptied, so that whoever submits
an application next submits it anew.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from uuid import UUID

from bench import deliveries
from bench.testbed import Testbed
from clusters.models import Cluster, Lane
from clusters.wake import wake

TURN = "bench.dev/turn"
_MINE = "cluster_id = ANY(%(clusters)s) AND owner_kind = %(kind)s AND name = %(name)s"
_TURN = f"""
    UPDATE clusters_work SET generation = generation + 1, lane = %(lane)s, next_check_at = clock_timestamp(),
        not_before = NULL, attempts = 0, deadline_at = now() + interval '10 minutes', digest = '',
        manifests = (
            SELECT jsonb_agg(
                CASE WHEN each #>> '{{body,kind}}' IN ('Deployment')
                    THEN jsonb_set(each, '{{body,metadata,annotations}}', jsonb_build_object('{TURN}', %(turn)s::text))
                    ELSE each END
                ORDER BY place)
            FROM jsonb_array_elements(manifests) WITH ORDINALITY AS listed(each, place))
    WHERE {_MINE} AND (%(only)s::uuid[] IS NULL OR id = ANY(%(only)s::uuid[]))
"""
_DUE = f"UPDATE clusters_work SET next_check_at = now(), lane = %(lane)s WHERE {_MINE}"
_QUEUED = f"SELECT count(*) FROM clusters_work WHERE {_MINE} AND next_check_at <= now()"


def turn(
    bed: Testbed, clusters: Collection[Cluster], *, only: Collection[UUID] | None = None, lane: Lane = Lane.SWEEP
) -> int:
    """Render the applications anew, or only these Works, and ring; how many."""
    given = {"turn": str(time.time_ns()), "only": list(only) if only is not None else None, "lane": int(lane)}
    return _run(bed, _TURN, clusters, **given)


def make_due(bed: Testbed, clusters: Collection[Cluster], lane: Lane) -> int:
    """Make every application due in a lane, and ring; how many."""
    return _run(bed, _DUE, clusters, lane=int(lane))


def queued(bed: Testbed, clusters: Collection[Cluster]) -> int:
    """How many applications are due now."""
    with bed.sql() as connection:
        row = connection.execute(_QUEUED, _mine(clusters)).fetchone()
    return int(row[0]) if row else 0


def _run(bed: Testbed, statement: str, clusters: Collection[Cluster], **given: object) -> int:
    with bed.sql() as connection:
        changed = connection.execute(statement, {**_mine(clusters), **given}).rowcount
    wake(Lane(int(str(given["lane"]))))
    return changed


def _mine(clusters: Collection[Cluster]) -> dict[str, object]:
    return {"clusters": [each.pk for each in clusters], "kind": deliveries.OWNER_KIND, "name": deliveries.APPLICATION}
