//! What a run's samples come to, kept with the run so that thousands can be compared without reading them.

use rusqlite::Connection;

/// Highest mean over a second of the power of all parts together, and how busy the device was on average, both since
/// training began. Meters that stand by or are only looked at are not added.
const SUM_UP: &str = "UPDATE runs SET
    max_power_w = (
        SELECT max(total) FROM (
            SELECT sum(mean) AS total FROM (
                SELECT CAST(s.t_s AS INTEGER) AS second, s.series, avg(s.value) AS mean
                FROM samples s JOIN series x ON x.key = s.series JOIN meters m ON m.run = x.run AND m.meter = x.meter
                WHERE s.run = ?1 AND x.metric = 'power' AND m.boundary NOT IN ('components', 'system', 'wall')
                    AND coalesce(json_extract(m.info, '$.role'), 'part') = 'part'
                    AND s.t_s >= (SELECT min(begin_t_s) FROM phases WHERE run = ?1 AND phase = 'train')
                GROUP BY second, s.series)
            GROUP BY second)),
    utilisation = (
        SELECT avg(s.value) / 100.0
        FROM samples s JOIN series x ON x.key = s.series JOIN meters m ON m.run = x.run AND m.meter = x.meter
        WHERE s.run = ?1 AND x.metric = 'utilization'
            AND m.boundary IN (SELECT value FROM json_each(
                CASE (SELECT kind FROM devices d WHERE d.key = runs.device)
                    WHEN 'cpu' THEN '[\"cpu-package\"]' ELSE '[\"gpu-board\", \"soc\"]' END))
            AND s.t_s >= (SELECT min(begin_t_s) FROM phases WHERE run = ?1 AND phase = 'train'))
    WHERE key = ?1";

/// Stores it for the run with key `run`.
pub(super) fn sum_up(connection: &Connection, run: i64) -> rusqlite::Result<()> {
    connection.prepare_cached(SUM_UP)?.execute([run])?;
    Ok(())
}
