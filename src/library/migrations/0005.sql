-- Sweeps: many runs that differ in the fields that are looked at. A run knows nothing of its sweep; a trial names its run.

CREATE TABLE sweeps (
    key             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    name            TEXT,
    status          TEXT NOT NULL,
    failure         TEXT,
    -- canonical JSON of the whole sweep, and the hash of what decides its runs
    sweep_json      TEXT NOT NULL,
    sweep_hash      TEXT NOT NULL,
    searcher        TEXT NOT NULL,
    program_version TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    finished_at     TEXT,
    deleted_at      TEXT,
    -- who runs it, and when it was last heard of
    owner_machine   TEXT NOT NULL,
    owner_pid       INTEGER NOT NULL,
    owner_token     TEXT NOT NULL,
    last_seen_at    TEXT NOT NULL,
    -- what was expected of it before it began, as JSON
    forecast_json   TEXT,
    -- what its searcher found in the end, as JSON
    found_json      TEXT
) STRICT;
CREATE INDEX sweeps_created ON sweeps (created_at);

-- One row for each run that is to be made, in the order in which they are made. Trials of one combination differ in repeat
-- and rung alone. `run_id` is given before the run begins, and may name a run that was deleted since.
CREATE TABLE trials (
    sweep         INTEGER NOT NULL REFERENCES sweeps (key) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    combination   INTEGER NOT NULL,
    repeat        INTEGER NOT NULL,
    rung          INTEGER NOT NULL,
    -- text, because a seed uses all 64 bits and an SQLite integer has a sign
    seed          TEXT NOT NULL,
    -- what the axes say, as a JSON list of {field, value}
    values_json   TEXT NOT NULL,
    setup_json    TEXT NOT NULL,
    setup_hash    TEXT NOT NULL,
    group_hash    TEXT NOT NULL,
    -- how far it goes for now and what more its searcher asked for, as JSON
    plan_json     TEXT,
    status        TEXT NOT NULL,
    reason        TEXT,
    run_id        TEXT,
    -- the pause before it, as JSON
    cool_down_json TEXT,
    -- what it came to when it ended, as its searcher saw it, as JSON
    result_json   TEXT,
    began_at      TEXT,
    ended_at      TEXT,
    PRIMARY KEY (sweep, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX trials_run ON trials (run_id);
