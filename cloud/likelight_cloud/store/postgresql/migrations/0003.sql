-- By expiry: of 30 days of notes those that never were shown stay in it.
CREATE INDEX note_waiting ON note (kid, expires_at) WHERE shown_at IS NULL;
