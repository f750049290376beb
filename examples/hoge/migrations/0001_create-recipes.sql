-- Up Migration
CREATE TABLE recipes (
  id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title text NOT NULL UNIQUE
);
INSERT INTO recipes (title) VALUES ('Miso soup'), ('Okonomiyaki'), ('Curry rice');

-- Down Migration
DROP TABLE recipes;
