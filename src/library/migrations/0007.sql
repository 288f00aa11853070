-- What a run started from where it did not start from nothing: what became of each layer, as JSON.
CREATE TABLE starts (
    run         INTEGER PRIMARY KEY REFERENCES runs (key) ON DELETE CASCADE,
    report_json TEXT NOT NULL
) STRICT;

-- Whose work is in a run's weights, as it was when the run began: it outlives the ancestor. Generation 1 is what the run started
-- from, 2 what that one started from, and so on.
CREATE TABLE ancestors (
    run           INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    generation    INTEGER NOT NULL,
    -- NULL: a file, which is the last
    run_id        TEXT,
    -- name of the run, or path of the file
    title         TEXT,
    dataset       TEXT,
    model         TEXT,
    setup_hash    TEXT,
    -- steps done in the checkpoint that was taken
    step          INTEGER,
    duration_s    REAL,
    -- energy of its training and evaluation, by meter, as JSON
    training_json TEXT NOT NULL,
    -- joules that the makers of a file state
    stated_j      REAL,
    carbon_g      REAL,
    carbon_low_g  REAL,
    carbon_high_g REAL,
    PRIMARY KEY (run, generation)
) STRICT, WITHOUT ROWID;
