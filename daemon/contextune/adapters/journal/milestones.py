"""What the journal tells of many Runs at once: their events without conversations, requests and output.

A Run that is folded from them stands where it stands; its conversations and its bill are left out, and what
commands printed is empty.
"""

from __future__ import annotations

QUERY = """
    SELECT CASE
             WHEN kind IN ('run_created', 'gate_finished')
             THEN CAST(json_replace(CAST(body AS TEXT), '$.evidence.output', '', '$.baseline.output', '',
                                    '$.quote.baseline.output', '') AS BLOB)
             ELSE body
           END
      FROM events
     WHERE kind IN ('run_created', 'run_moved', 'run_paused', 'run_resumed', 'attempt_started',
                    'attempt_ended', 'gate_finished', 'cliff_avoided', 'task_joined', 'task_bounced',
                    'task_ended', 'task_retried', 'task_recorded', 'shadow_finished', 'run_ready',
                    'run_accepted', 'run_undone', 'run_discarded', 'run_cancelled')
       AND (? IS NULL
            OR run_id IN (SELECT run_id FROM events WHERE kind = 'run_created' AND repository = ?))
     ORDER BY seq
    """
