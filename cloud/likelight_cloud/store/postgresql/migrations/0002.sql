-- The likes of each of the last days, in the kitchen's time zone.
CREATE TABLE likes_day (
    kid text NOT NULL REFERENCES kitchen,
    day date NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (kid, day)
) WITH (fillfactor = 50);
