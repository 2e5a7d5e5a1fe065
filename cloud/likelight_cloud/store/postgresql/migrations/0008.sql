-- How far a kitchen's device is on its way to a new token.
ALTER TABLE kitchen ADD COLUMN rotation text, ADD COLUMN rotation_at bigint;
