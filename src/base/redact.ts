/** What stands where a value was. */
const hidden = '(hidden)';

/**
 * A request or task definition that may be printed: names stay, values that may be secret are gone.
 * Those are environment values, log options other than awslogs', Docker labels, and options of volume drivers.
 */
export function redact(document: unknown): unknown {
  if (Array.isArray(document)) return document.map(redact);
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => {
      if (name === 'environment' && Array.isArray(value)) return [name, value.map(hideValue)];
      if (name === 'dockerLabels' && isRecord(value)) return [name, hideMembers(value, () => true)];
      if (name === 'driverOpts' && isRecord(value)) return [name, hideMembers(value, () => true)];
      if (name === 'options' && isRecord(value))
        return [name, hideMembers(value, (key) => !key.startsWith('awslogs-') && key !== 'mode')];
      return [name, redact(value)];
    }),
  );
}

/** The values of a request or task definition that `redact` hides. */
export function secretValues(document: unknown): string[] {
  const found = new Set<string>();
  const compare = (value: unknown, shown: unknown): void => {
    if (shown === hidden) collect(value);
    else if (isMany(value) && isMany(shown)) {
      const others = Object.values(shown);
      for (const [index, member] of Object.values(value).entries()) compare(member, others[index]);
    }
  };
  const collect = (value: unknown): void => {
    if (isMany(value)) for (const member of Object.values(value)) collect(member);
    else if (value !== undefined && value !== null && value !== '') found.add(String(value));
  };
  compare(document, redact(document));
  return [...found];
}

/** Shorter than this a value is hidden only where it is quoted: else words and numbers of the text would go with it. */
const leastLength = 4;

/** A text of somebody else without these values, also where it repeats them as JSON or by the line. */
export function withoutValues(text: string, values: readonly string[]): string {
  const forms = values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1), ...value.split(/\r?\n/)]);
  const known = [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length);
  return known.reduce(
    (rest, form) =>
      form.length >= leastLength
        ? rest.replaceAll(form, hidden)
        : rest.replaceAll(`'${form}'`, `'${hidden}'`).replaceAll(`"${form}"`, `"${hidden}"`),
    text,
  );
}

function hideValue(entry: unknown): unknown {
  return isRecord(entry) && 'value' in entry ? { ...entry, value: hidden } : hidden;
}

function hideMembers(members: Record<string, unknown>, hide: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [key, hide(key) ? hidden : value]));
}

const isMany = (value: unknown): value is object => typeof value === 'object' && value !== null;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
