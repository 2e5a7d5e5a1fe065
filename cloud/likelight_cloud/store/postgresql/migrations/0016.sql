-- Notes that operators have published, by the checksum of the document.
CREATE TABLE catalogue (
    sha256 text PRIMARY KEY,
    name text NOT NULL,
    body bytea NOT NULL,
    created_at bigint NOT NULL
);

-- Which kitchen is or was asked to have which of them: its device gets no other.
CREATE TABLE catalogue_asked (
    kid text NOT NULL REFERENCES kitchen,
    sha256 text NOT NULL REFERENCES catalogue,
    asked_at bigint NOT NULL,
    PRIMARY KEY (kid, sha256)
);
