-- Times are milliseconds since 1970, as in the SQLite store.
CREATE TABLE meta (name text PRIMARY KEY, value bytea NOT NULL);

CREATE TABLE kitchen (
    kid text PRIMARY KEY,
    name text NOT NULL,
    epoch text NOT NULL,
    created_at bigint NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    head bigint NOT NULL DEFAULT 0,
    acked bigint NOT NULL DEFAULT 0,
    likes_total bigint NOT NULL DEFAULT 0,
    notes_shown bigint NOT NULL DEFAULT 0,
    desired json NOT NULL,
    thanks_id text,
    thanks_at bigint,
    state text,
    state_since bigint,
    simulated boolean,
    lit_total bigint,
    last_lit_at bigint,
    received_at bigint,
    status json
-- Room in each page for the new version of a row that changes with every like.
) WITH (fillfactor = 50);

CREATE TABLE token (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL,
    kid text NOT NULL REFERENCES kitchen,
    UNIQUE (kid, hash)
);

CREATE TABLE note (
    kid text NOT NULL REFERENCES kitchen,
    seq bigint NOT NULL,
    id text NOT NULL UNIQUE,
    code text NOT NULL,
    key text,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    delivered_at bigint,
    shown_at bigint,
    thanked_at bigint,
    PRIMARY KEY (kid, seq)
);
CREATE UNIQUE INDEX note_key ON note (kid, key) WHERE key IS NOT NULL;
CREATE INDEX note_key_age ON note (kid, created_at) WHERE key IS NOT NULL;

CREATE TABLE boot (
    ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kid text NOT NULL REFERENCES kitchen,
    boot_id text NOT NULL,
    n bigint NOT NULL,
    UNIQUE (kid, boot_id)
);

-- The transactions of the last hour, by which one whose COMMIT got no answer is found again.
CREATE TABLE written (id uuid PRIMARY KEY, at timestamptz NOT NULL);
CREATE INDEX written_at ON written (at);
