-- Of runs that learn several labels at once: what each head took the held-out samples for, and how good it was on the training
-- samples from reading to reading. A run of one label has no name of a head: it is the empty text.
CREATE TABLE confusions_of_heads (
    run    INTEGER NOT NULL,
    step   INTEGER NOT NULL,
    head   TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (run, head, step),
    FOREIGN KEY (run, step) REFERENCES epochs (run, step) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO confusions_of_heads (run, step, head, counts) SELECT run, step, '', counts FROM confusions;
DROP TABLE confusions;
ALTER TABLE confusions_of_heads RENAME TO confusions;
-- A run that begins at an earlier step anew forgets what came after it, by step.
CREATE INDEX confusions_by_step ON confusions (run, step);

CREATE TABLE predictions_of_heads (
    run                 INTEGER NOT NULL,
    head                TEXT NOT NULL,
    step                INTEGER NOT NULL,
    predicted           BLOB NOT NULL,
    confidence_permille BLOB NOT NULL,
    PRIMARY KEY (run, head),
    FOREIGN KEY (run, step) REFERENCES epochs (run, step) ON DELETE CASCADE
) STRICT;
INSERT INTO predictions_of_heads (run, head, step, predicted, confidence_permille)
    SELECT run, '', step, predicted, confidence_permille FROM predictions;
DROP TABLE predictions;
ALTER TABLE predictions_of_heads RENAME TO predictions;

CREATE TABLE step_heads (
    run    INTEGER NOT NULL,
    step   INTEGER NOT NULL,
    head   TEXT NOT NULL,
    loss   REAL,
    metric REAL,
    PRIMARY KEY (run, step, head),
    FOREIGN KEY (run, step) REFERENCES steps (run, step) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
