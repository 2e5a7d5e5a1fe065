-- A kitchen's enrolment code, and the token of the device that has used it.
CREATE TABLE enrolment (
    kid text PRIMARY KEY REFERENCES kitchen,
    code_hash bytea NOT NULL UNIQUE,
    expires_at bigint NOT NULL,
    token_hash bytea
);
