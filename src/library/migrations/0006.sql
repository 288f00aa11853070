-- What a run's samples come to, so that thousands of runs can be compared without reading them: the highest mean over a second
-- of the power of all parts together, in watts, and how busy the device was on average, 0 to 1; both since training began.
ALTER TABLE runs ADD COLUMN max_power_w REAL;
ALTER TABLE runs ADD COLUMN utilisation REAL;

UPDATE runs SET
    max_power_w = (
        SELECT max(total) FROM (
            SELECT sum(mean) AS total FROM (
                SELECT CAST(s.t_s AS INTEGER) AS second, s.series, avg(s.value) AS mean
                FROM samples s JOIN series x ON x.key = s.series JOIN meters m ON m.run = x.run AND m.meter = x.meter
                WHERE s.run = runs.key AND x.metric = 'power' AND m.boundary NOT IN ('components', 'system', 'wall')
                    AND coalesce(json_extract(m.info, '$.role'), 'part') = 'part'
                    AND s.t_s >= (SELECT min(begin_t_s) FROM phases WHERE run = runs.key AND phase = 'train')
                GROUP BY second, s.series)
            GROUP BY second)),
    utilisation = (
        SELECT avg(s.value) / 100.0
        FROM samples s JOIN series x ON x.key = s.series JOIN meters m ON m.run = x.run AND m.meter = x.meter
        WHERE s.run = runs.key AND x.metric = 'utilization'
            AND m.boundary IN (SELECT value FROM json_each(
                CASE (SELECT kind FROM devices d WHERE d.key = runs.device)
                    WHEN 'cpu' THEN '["cpu-package"]' ELSE '["gpu-board", "soc"]' END))
            AND s.t_s >= (SELECT min(begin_t_s) FROM phases WHERE run = runs.key AND phase = 'train'));

-- What was expected of a run, before it began and while it went on, and what it came to then. Energies are NULL where none
-- were known; ends are NULL where there was too little to tell them.
CREATE TABLE forecasts (
    run           INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    made_at       TEXT NOT NULL,
    -- how it was told: `alike`, `operations` or `profile`
    basis         TEXT NOT NULL,
    -- runs or stretches that it rests on
    count         INTEGER NOT NULL,
    -- how much of the run was done, 0 before it
    share         REAL NOT NULL,
    -- of the whole run: what had been used, and what was expected of the rest
    time_s        REAL NOT NULL,
    time_low_s    REAL,
    time_high_s   REAL,
    energy_j      REAL,
    energy_low_j  REAL,
    energy_high_j REAL,
    -- whether the run could end before by its target or by early stopping: then the forecast is of the most it takes
    may_end_earlier INTEGER NOT NULL,
    PRIMARY KEY (run, share)
) STRICT, WITHOUT ROWID;
