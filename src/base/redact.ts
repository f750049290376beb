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

function hideValue(entry: unknown): unknown {
  return isRecord(entry) && 'value' in entry ? { ...entry, value: hidden } : hidden;
}

function hideMembers(members: Record<string, unknown>, hide: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [key, hide(key) ? hidden : value]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
