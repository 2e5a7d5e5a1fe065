-- What the operator's list says of a store: time zone, country, language, board, kit.
ALTER TABLE kitchen ADD COLUMN details json NOT NULL DEFAULT '{}';
