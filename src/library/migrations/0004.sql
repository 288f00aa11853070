-- A task has its own metric, of which there was only accuracy; `higher_is_better` is kept beside its name so that queries can
-- tell which value is the best.
ALTER TABLE runs ADD COLUMN metric TEXT NOT NULL DEFAULT 'accuracy';
ALTER TABLE runs ADD COLUMN higher_is_better INTEGER NOT NULL DEFAULT 1;
ALTER TABLE runs RENAME COLUMN final_train_accuracy TO final_train_metric;
ALTER TABLE runs RENAME COLUMN final_test_accuracy TO final_test_metric;
ALTER TABLE runs RENAME COLUMN best_test_accuracy TO best_test_metric;
ALTER TABLE steps RENAME COLUMN accuracy TO metric;
ALTER TABLE epochs RENAME COLUMN train_accuracy TO train_metric;
ALTER TABLE epochs RENAME COLUMN test_accuracy TO test_metric;
-- Further metrics by name, as a JSON object.
ALTER TABLE epochs ADD COLUMN test_others TEXT;
-- The field of the setup that holds the target has lost "accuracy" from its name too.
UPDATE runs
SET setup_json = json_remove(
    json_set(setup_json, '$.regime.stop.target', json_extract(setup_json, '$.regime.stop.target_accuracy')),
    '$.regime.stop.target_accuracy'
)
WHERE CASE WHEN json_valid(setup_json) THEN json_type(setup_json, '$.regime.stop.target_accuracy') END IS NOT NULL;
