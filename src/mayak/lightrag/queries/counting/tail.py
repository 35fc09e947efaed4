"""The end of every counting statement, from the parenthesis that closes `matching` on.

How many rows match, the first of them, figures, groups.
"""

from typing import LiteralString

TAIL: LiteralString = """
)
SELECT (SELECT count(*) FROM matching)::integer AS total,
       (SELECT coalesce(jsonb_agg(to_jsonb(first)), '[]')
          FROM (SELECT external_id, key, title, url, state, person, client, place, priority,
                       amount, currency, estimate, day,
                       created AT TIME ZONE %(zone)s::text AS created
                  FROM matching
                 ORDER BY CASE %(ordering)s::text
                            WHEN 'largest' THEN -amount
                            WHEN 'smallest' THEN amount
                            WHEN 'soonest' THEN extract(epoch FROM day::timestamp)
                            WHEN 'oldest' THEN extract(epoch FROM created)
                            ELSE -extract(epoch FROM created)
                          END NULLS LAST, external_id
                 LIMIT %(limit)s) AS first) AS rows,
       (SELECT coalesce(jsonb_agg(to_jsonb(money) ORDER BY money.currency), '[]')
          FROM (SELECT currency, count(amount)::integer AS count, sum(amount)::float AS sum,
                       avg(amount)::float AS mean, sum(estimate)::float AS estimate
                  FROM matching GROUP BY currency) AS money) AS figures,
       (SELECT coalesce(jsonb_agg(to_jsonb(found)), '[]')
          FROM (SELECT label AS name, count(*)::integer AS count,
                       (count(*) OVER ())::integer AS total
                  FROM matching
                 CROSS JOIN LATERAL unnest(CASE %(grouping)s::text
                         WHEN 'person' THEN ARRAY[person]
                         WHEN 'client' THEN ARRAY[client]
                         WHEN 'state' THEN ARRAY[state]
                         WHEN 'priority' THEN ARRAY[priority]
                         WHEN 'place' THEN ARRAY[place]
                         WHEN 'label' THEN CASE WHEN labels = '{}' THEN ARRAY[NULL::text]
                                                ELSE labels END
                         ELSE ARRAY[]::text[] END) AS label
                 GROUP BY label
                 ORDER BY label IS NULL,
                          CASE WHEN %(fewest)s::boolean THEN count(*) ELSE -count(*) END, label
                 LIMIT %(limit)s) AS found) AS groups
"""
