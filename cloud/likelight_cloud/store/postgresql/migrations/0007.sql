-- Devices that show a code until an operator confirms them, as the kitchen `kid`.
CREATE TABLE pairing (
    device_hash bytea PRIMARY KEY,
    user_hash bytea NOT NULL UNIQUE,
    token_hash bytea NOT NULL,
    serial text NOT NULL,
    sw text NOT NULL,
    place text NOT NULL,
    asked_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    refused boolean NOT NULL DEFAULT false,
    kid text REFERENCES kitchen
);
CREATE INDEX token_hash ON token (hash);

-- How many wrong codes an operator has typed, and when the last of them.
CREATE TABLE wrong_codes (
    operator bytea PRIMARY KEY,
    n integer NOT NULL,
    last_at bigint NOT NULL
);
