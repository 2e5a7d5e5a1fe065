-- What an operator asks of several kitchens at once, until it can no longer be undone.
CREATE TABLE fleet_change (
    id text PRIMARY KEY,
    at bigint NOT NULL,
    body json NOT NULL
);
