-- What happens in a kitchen just now, as a source has told.
ALTER TABLE kitchen ADD COLUMN moment text, ADD COLUMN moment_until bigint;
