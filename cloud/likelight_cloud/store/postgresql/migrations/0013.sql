-- Sources of webhooks. Their secrets are as they are, since signatures are computed from them.
CREATE TABLE source (
    name text PRIMARY KEY,
    profile text,
    secret bytea NOT NULL,
    other_secret bytea,
    created_at bigint NOT NULL,
    hour bigint NOT NULL DEFAULT 0,
    likes bigint NOT NULL DEFAULT 0
);

-- Events that were taken, and what was answered, for who sends one again.
CREATE TABLE source_event (
    name text NOT NULL REFERENCES source ON DELETE CASCADE,
    id bytea NOT NULL,
    digest bytea NOT NULL,
    answer text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (name, id)
);
CREATE INDEX source_event_age ON source_event (name, created_at);

-- Of a provider's running total what is counted, and how many likes a source has sent.
CREATE TABLE source_kitchen (
    kid text NOT NULL REFERENCES kitchen,
    name text NOT NULL REFERENCES source ON DELETE CASCADE,
    base bigint,
    likes bigint NOT NULL,
    PRIMARY KEY (kid, name)
);

ALTER TABLE note ADD COLUMN source text NOT NULL DEFAULT 'page';
