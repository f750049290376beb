import { type Definition, registrable } from './edit.ts';

/** One difference, told by names: values may be secret, only images are shown. */
export interface DefinitionDifference {
  /** e.g. `container web: environment DATABASE_URL`. */
  place: string;
  change: 'added' | 'changed' | 'removed';
  from?: string;
  to?: string;
}

/** What differs between two definitions, defaults that ECS fills in aside; none means the same revision will do. */
export function definitionDifferences(before: Definition, after: Definition): DefinitionDifference[] {
  const old = flatten(normalise(before));
  const fresh = flatten(normalise(after));
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((place): DefinitionDifference[] => {
    const [from, to] = [old.get(place), fresh.get(place)];
    if (from === to) return [];
    const change = from === undefined ? 'added' : to === undefined ? 'removed' : 'changed';
    const shown = /^container \S+: image$/.test(place) ? { ...text('from', from), ...text('to', to) } : {};
    return [{ place, change, ...shown }];
  });
}

function text(name: 'from' | 'to', json: string | undefined): { from?: string; to?: string } {
  return json === undefined ? {} : { [name]: String(JSON.parse(json)) };
}

/** Members whose entries are known by their name. */
const named: Readonly<Record<string, string>> = {
  environment: 'name',
  secrets: 'name',
  volumes: 'name',
  tags: 'key',
  ulimits: 'name',
};

function flatten(definition: Definition): Map<string, string> {
  const places = new Map<string, string>();
  const put = (prefix: string, members: object): void => {
    for (const [member, value] of Object.entries(members)) {
      const key = named[member];
      if (key !== undefined && Array.isArray(value)) {
        for (const entry of value) places.set(`${prefix}${member} ${entry[key]}`, stable(entry));
      } else places.set(`${prefix}${member}`, stable(value));
    }
  };
  const { containerDefinitions = [], ...rest } = definition;
  put('', rest);
  for (const container of containerDefinitions) {
    const { name, ...members } = container;
    places.set(`container ${name}`, '"there"');
    put(`container ${name}: `, members);
  }
  return places;
}

/** Leaves out what ECS adds by itself, so that a definition equals its own echo. */
function normalise(definition: Definition): Definition {
  const { containerDefinitions = [], ...rest } = registrable(definition);
  const isAwsvpc = rest.networkMode === 'awsvpc';
  return {
    ...compact(rest),
    containerDefinitions: containerDefinitions.map((container) => {
      const { portMappings, ...members } = compact(container);
      if (members.cpu === 0) delete members.cpu;
      if (members.essential === true) delete members.essential;
      const ports = (portMappings as Record<string, unknown>[] | undefined)?.map((mapping) =>
        plainPort(mapping, isAwsvpc),
      );
      return { ...members, name: container.name, ...(ports === undefined ? {} : { portMappings: ports }) };
    }),
  };
}

function plainPort(mapping: Record<string, unknown>, isAwsvpc: boolean): Record<string, unknown> {
  const { protocol, hostPort, ...rest } = mapping;
  return {
    ...rest,
    ...(protocol === undefined || protocol === 'tcp' ? {} : { protocol }),
    ...(hostPort === undefined || (isAwsvpc && hostPort === rest.containerPort) ? {} : { hostPort }),
  };
}

function compact(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).filter(
      ([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

/** JSON with sorted members. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
