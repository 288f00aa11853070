-- What is known of a machine's power from earlier: it belongs to the machine, not to a run. Machines are named by their
-- fingerprint, since a new kernel or more memory does not make another one of them.

-- Lines from the sum of the parts to a plug meter. `json` holds the line, its readings and the meters with their roles;
-- what a run applies is `json.calibration`, made and understood by the power room alone.
CREATE TABLE wall_calibrations (
    key          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    machine      TEXT NOT NULL,
    device       TEXT NOT NULL,
    made_at      TEXT NOT NULL,
    residual     REAL,
    simulated    INTEGER NOT NULL,
    note         TEXT,
    json         TEXT NOT NULL,
    forgotten_at TEXT
) STRICT;
CREATE INDEX wall_calibrations_machine ON wall_calibrations (machine, device, made_at);

-- Stretches of a device's work, or of its rest, whose energy a sensor measured. `run_id` says which run it was and is kept
-- when that is deleted. The driver is empty where there is none.
CREATE TABLE device_points (
    key      INTEGER PRIMARY KEY,
    machine  TEXT NOT NULL,
    device   TEXT NOT NULL,
    driver   TEXT NOT NULL,
    run_id   TEXT,
    energy_j REAL NOT NULL,
    low_j    REAL NOT NULL,
    high_j   REAL NOT NULL,
    flop     REAL NOT NULL,
    bytes    REAL,
    seconds  REAL NOT NULL,
    source   TEXT NOT NULL,
    at       TEXT NOT NULL
) STRICT;
CREATE INDEX device_points_machine ON device_points (machine, device, at);

-- Power of all processors of a machine by a sensor, and how busy they were over the same time, 0 to 1.
CREATE TABLE cpu_points (
    key     INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    busy    REAL NOT NULL,
    power_w REAL NOT NULL,
    low_w   REAL NOT NULL,
    high_w  REAL NOT NULL,
    source  TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;
CREATE INDEX cpu_points_machine ON cpu_points (machine, at);
