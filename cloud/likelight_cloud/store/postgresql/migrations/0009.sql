-- The people who look after the kitchens: named, each with a token.
CREATE TABLE operator (
    name text PRIMARY KEY,
    role text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    added_at bigint NOT NULL
);
