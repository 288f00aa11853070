-- What it took to ask a run's network, by samples at once.
CREATE TABLE inferences (
    run              INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    made_at          TEXT NOT NULL,
    batch_size       INTEGER NOT NULL,
    device           TEXT NOT NULL,
    -- samples a second, and seconds from samples to answers
    throughput       REAL NOT NULL,
    latency_p50_s    REAL,
    latency_p95_s    REAL,
    -- joules for 1,000 samples, over all parts of the machine; gCO2e of the same
    energy_j         REAL,
    energy_low_j     REAL,
    energy_high_j    REAL,
    carbon_g         REAL,
    -- all of it
    inference_json   TEXT NOT NULL,
    PRIMARY KEY (run, made_at, batch_size)
) STRICT, WITHOUT ROWID;
