-- Sums for reports. `many`: at least 20 different viewers stand behind it.
ALTER TABLE likes_day ADD COLUMN many boolean NOT NULL DEFAULT false;
CREATE TABLE likes_hour (
    kid text NOT NULL REFERENCES kitchen,
    period integer NOT NULL,
    slot integer NOT NULL,
    n bigint NOT NULL,
    many boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kid, period, slot)
);
CREATE TABLE notes_week (
    kid text NOT NULL REFERENCES kitchen,
    week date NOT NULL,
    code text NOT NULL,
    n bigint NOT NULL,
    many boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kid, week, code)
);
CREATE TABLE lamp_day (
    kid text NOT NULL REFERENCES kitchen,
    day date NOT NULL,
    heard_ms bigint NOT NULL,
    dark_ms bigint NOT NULL,
    PRIMARY KEY (kid, day)
);
