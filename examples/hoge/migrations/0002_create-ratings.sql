-- Up Migration
CREATE TABLE ratings (
  recipe_id integer NOT NULL REFERENCES recipes (id),
  stars     integer NOT NULL CHECK (stars BETWEEN 1 AND 5)
);

-- Down Migration
DROP TABLE ratings;
