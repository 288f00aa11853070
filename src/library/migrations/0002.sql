-- What a network took the held-out samples for.

-- One row for each evaluation. `counts` is JSON: for each true class the counts by predicted class.
CREATE TABLE confusions (
    run    INTEGER NOT NULL,
    step   INTEGER NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (run, step),
    FOREIGN KEY (run, step) REFERENCES epochs (run, step) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The answer to each held-out sample, in the order of the dataset's test part, at the latest evaluation only: class and
-- thousandths of confidence, both as unsigned 16-bit numbers, the low byte first.
CREATE TABLE predictions (
    run                 INTEGER PRIMARY KEY,
    step                INTEGER NOT NULL,
    predicted           BLOB NOT NULL,
    confidence_permille BLOB NOT NULL,
    FOREIGN KEY (run, step) REFERENCES epochs (run, step) ON DELETE CASCADE
) STRICT;
