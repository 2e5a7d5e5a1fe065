-- Which of several clouds on this database the kitchen's device polled last.
ALTER TABLE kitchen ADD COLUMN process text;
