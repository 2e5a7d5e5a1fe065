-- What the fleet's signals are made of, which are open, and who is told of them.
ALTER TABLE kitchen ADD COLUMN unlit_since bigint, ADD COLUMN pictures_missing_since bigint;

-- `subject` is a kitchen, which may have been removed meanwhile, or '' for the fleet.
CREATE TABLE signal (
    kind text NOT NULL,
    subject text NOT NULL,
    began_at bigint NOT NULL,
    words text NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE TABLE webhook (
    id text PRIMARY KEY,
    url text NOT NULL UNIQUE,
    added_at bigint NOT NULL,
    failing_since bigint,
    off_because text
);
CREATE TABLE delivery (
    message text NOT NULL,
    webhook text NOT NULL REFERENCES webhook,
    body text NOT NULL,
    created_at bigint NOT NULL,
    tries integer NOT NULL,
    next_at bigint NOT NULL,
    PRIMARY KEY (message, webhook)
);
CREATE INDEX delivery_due ON delivery (next_at);
