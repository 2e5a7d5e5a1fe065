-- The fleet's page asks for four weeks of all kitchens, of 400 days.
CREATE INDEX notes_shown ON notes_week (week, code, n) WHERE many;
