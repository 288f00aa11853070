-- A run may have learnt from the answers of one run and started from the weights of another: ancestors are a tree.
CREATE TABLE ancestors_by_path (
    run           INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    generation    INTEGER NOT NULL,
    -- how its work came to the run, a letter for each generation from the run on: s started from, t learnt from, b both; empty in
    -- layouts before: s each time
    path          TEXT NOT NULL DEFAULT '',
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
    PRIMARY KEY (run, generation, path)
) STRICT, WITHOUT ROWID;

INSERT INTO ancestors_by_path (run, generation, run_id, title, dataset, model, setup_hash, step, duration_s, training_json, stated_j,
    carbon_g, carbon_low_g, carbon_high_g)
SELECT run, generation, run_id, title, dataset, model, setup_hash, step, duration_s, training_json, stated_j, carbon_g, carbon_low_g,
    carbon_high_g
FROM ancestors;

DROP TABLE ancestors;

ALTER TABLE ancestors_by_path RENAME TO ancestors;
