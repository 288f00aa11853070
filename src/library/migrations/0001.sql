-- The first layout. Times are RFC 3339 UTC text with milliseconds; `t_s` is seconds since the run began, on its
-- monotonic clock. NULL is missing, never 0.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each state in which a machine was seen: a run keeps the kernel it ran under after an upgrade.
CREATE TABLE machines (
    key           INTEGER PRIMARY KEY,
    fingerprint   TEXT NOT NULL,
    hostname      TEXT,
    os            TEXT NOT NULL,
    kernel        TEXT,
    cpu_model     TEXT,
    logical_cores INTEGER,
    ram_bytes     INTEGER
) STRICT;
CREATE INDEX machines_fingerprint ON machines (fingerprint);

-- One row for each device and driver version that was seen.
CREATE TABLE devices (
    key      INTEGER PRIMARY KEY,
    machine  INTEGER NOT NULL REFERENCES machines (key),
    identity TEXT NOT NULL,
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    vendor   TEXT,
    api      TEXT,
    driver   TEXT,
    pci      TEXT
) STRICT;
CREATE INDEX devices_identity ON devices (machine, identity);

CREATE TABLE self_checks (
    key             INTEGER PRIMARY KEY,
    device          TEXT NOT NULL,
    driver          TEXT NOT NULL,
    program_version TEXT NOT NULL,
    passed          INTEGER NOT NULL,
    tolerance       REAL NOT NULL,
    differences     TEXT NOT NULL,
    checked_at      TEXT NOT NULL
) STRICT;
CREATE INDEX self_checks_device ON self_checks (device, driver, program_version);

CREATE TABLE runs (
    key              INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    name             TEXT,
    note             TEXT,
    tags             TEXT NOT NULL DEFAULT '[]',
    pinned           INTEGER NOT NULL DEFAULT 0,
    parent_id        TEXT,
    status           TEXT NOT NULL,
    failure          TEXT,
    created_at       TEXT NOT NULL,
    started_at       TEXT NOT NULL,
    finished_at      TEXT,
    deleted_at       TEXT,
    -- who writes it, and when it last did
    owner_machine    TEXT NOT NULL,
    owner_pid        INTEGER NOT NULL,
    owner_token      TEXT NOT NULL,
    last_seen_at     TEXT NOT NULL,
    last_t_s         REAL NOT NULL DEFAULT 0,
    last_step        INTEGER,
    last_epoch       INTEGER,
    -- what was asked for
    setup_json       TEXT NOT NULL,
    setup_hash       TEXT NOT NULL,
    group_hash       TEXT NOT NULL,
    -- text, because a seed uses all 64 bits and an SQLite integer has a sign
    seed             TEXT NOT NULL,
    dataset          TEXT NOT NULL,
    model            TEXT NOT NULL,
    parameters       INTEGER,
    flops_per_sample REAL,
    -- what it ran on
    machine          INTEGER NOT NULL REFERENCES machines (key),
    device           INTEGER NOT NULL REFERENCES devices (key),
    backend          TEXT NOT NULL,
    program_version  TEXT NOT NULL,
    self_check       INTEGER REFERENCES self_checks (key),
    -- what came out, kept up to date with each epoch so that a killed run has it too
    final_train_loss     REAL,
    final_train_accuracy REAL,
    final_test_loss      REAL,
    final_test_accuracy  REAL,
    best_test_loss       REAL,
    best_test_accuracy   REAL,
    best_epoch           INTEGER,
    target_reached       INTEGER,
    -- what its electricity stands for in carbon
    carbon_g_per_kwh    REAL,
    carbon_country_iso3 TEXT,
    carbon_country      TEXT,
    carbon_year         INTEGER,
    carbon_source       TEXT,
    pue                 REAL
) STRICT;
CREATE INDEX runs_created ON runs (created_at);
CREATE INDEX runs_name ON runs (name);
CREATE INDEX runs_status ON runs (status);

-- A run that was resumed has several: `t_s` goes on without the pause, so each says what time of day it stands for.
CREATE TABLE segments (
    run        INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    t_s        REAL NOT NULL,
    started_at TEXT NOT NULL,
    PRIMARY KEY (run, t_s)
) STRICT, WITHOUT ROWID;

CREATE TABLE meters (
    run       INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    meter     TEXT NOT NULL,
    source    TEXT NOT NULL,
    device    TEXT,
    boundary  TEXT NOT NULL,
    grade     TEXT NOT NULL,
    kind      TEXT NOT NULL,
    refresh_s REAL,
    info      TEXT NOT NULL,
    PRIMARY KEY (run, meter)
) STRICT, WITHOUT ROWID;

CREATE TABLE idle_power (
    run       INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    boundary  TEXT NOT NULL,
    meter     TEXT NOT NULL,
    grade     TEXT NOT NULL,
    power_w   REAL NOT NULL,
    low_w     REAL NOT NULL,
    high_w    REAL NOT NULL,
    PRIMARY KEY (run, boundary, meter)
) STRICT, WITHOUT ROWID;

CREATE TABLE phases (
    run       INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    ordinal   INTEGER NOT NULL,
    phase     TEXT NOT NULL,
    begin_t_s REAL NOT NULL,
    end_t_s   REAL,
    PRIMARY KEY (run, ordinal)
) STRICT, WITHOUT ROWID;

-- The figures of the open phase are provisional: they are replaced about once a second until it ends.
CREATE TABLE phase_energy (
    run         INTEGER NOT NULL,
    ordinal     INTEGER NOT NULL,
    boundary    TEXT NOT NULL,
    meter       TEXT NOT NULL,
    source      TEXT NOT NULL,
    grade       TEXT NOT NULL,
    energy_j    REAL,
    low_j       REAL,
    high_j      REAL,
    net_j       REAL,
    net_low_j   REAL,
    net_high_j  REAL,
    covered_s   REAL NOT NULL,
    window_s    REAL NOT NULL,
    PRIMARY KEY (run, ordinal, boundary, meter),
    FOREIGN KEY (run, ordinal) REFERENCES phases (run, ordinal) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Energy of training and evaluation since the run began, over all its workers: the run's result. It is replaced about
-- once a second.
CREATE TABLE training_energy (
    run         INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    boundary    TEXT NOT NULL,
    meter       TEXT NOT NULL,
    source      TEXT NOT NULL,
    grade       TEXT NOT NULL,
    energy_j    REAL,
    low_j       REAL,
    high_j      REAL,
    net_j       REAL,
    net_low_j   REAL,
    net_high_j  REAL,
    covered_s   REAL NOT NULL,
    window_s    REAL NOT NULL,
    PRIMARY KEY (run, boundary, meter)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
    run           INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    step          INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    t_s           REAL NOT NULL,
    loss          REAL,
    accuracy      REAL,
    learning_rate REAL,
    samples_per_s REAL,
    PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE epochs (
    run            INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    epoch          INTEGER NOT NULL,
    step           INTEGER NOT NULL,
    t_s            REAL NOT NULL,
    duration_s     REAL,
    samples        INTEGER,
    samples_per_s  REAL,
    train_loss     REAL,
    train_accuracy REAL,
    test_loss      REAL,
    test_accuracy  REAL,
    PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE epoch_energy (
    run               INTEGER NOT NULL,
    step              INTEGER NOT NULL,
    boundary          TEXT NOT NULL,
    source            TEXT NOT NULL,
    grade             TEXT NOT NULL,
    gross_j           REAL,
    gross_low_j       REAL,
    gross_high_j      REAL,
    net_j             REAL,
    net_low_j         REAL,
    net_high_j        REAL,
    cumulative_j      REAL,
    cumulative_low_j  REAL,
    cumulative_high_j REAL,
    PRIMARY KEY (run, step, boundary),
    FOREIGN KEY (run, step) REFERENCES epochs (run, step) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
    key    INTEGER PRIMARY KEY,
    run    INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    meter  TEXT NOT NULL,
    metric TEXT NOT NULL,
    unit   TEXT NOT NULL,
    UNIQUE (run, meter, metric, unit)
) STRICT;

-- Ordered by time within a run, so that recording appends at one end and an export reads straight through.
CREATE TABLE samples (
    run    INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    t_s    REAL NOT NULL,
    series INTEGER NOT NULL,
    value  REAL,
    PRIMARY KEY (run, t_s, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
    run        INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    step       INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    path       TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE summaries (
    run             INTEGER PRIMARY KEY REFERENCES runs (key) ON DELETE CASCADE,
    json            TEXT NOT NULL,
    carbon_g        REAL,
    carbon_low_g    REAL,
    carbon_high_g   REAL,
    carbon_boundary TEXT,
    calibration     TEXT
) STRICT;
