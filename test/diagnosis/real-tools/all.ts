import { flywayFailures, golangMigrateFailures, liquibaseFailures } from './compiled.ts';
import { knexFailures, nodePgMigrateFailures, ormFailures } from './node.ts';
import type { Place, Planted } from './planted.ts';
import { programFailures } from './programs.ts';
import { psqlFailures } from './psql.ts';
import { alembicFailures, djangoFailures } from './python.ts';
import { railsFailures } from './rails.ts';

/** Every failure that is planted, tool by tool. */
export function allFailures(place: Place): Planted[] {
  return [
    ...psqlFailures(place),
    ...programFailures(),
    ...railsFailures(),
    ...djangoFailures(),
    ...alembicFailures(),
    ...knexFailures(),
    ...nodePgMigrateFailures(),
    ...ormFailures(place),
    ...golangMigrateFailures(),
    ...flywayFailures(place),
    ...liquibaseFailures(place),
  ];
}
