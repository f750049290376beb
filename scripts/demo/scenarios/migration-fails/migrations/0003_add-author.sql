-- Up Migration
ALTER TABLE recipes ADD COLUMN author text NOT NULL;

-- Down Migration
ALTER TABLE recipes DROP COLUMN author;
