/** `{ name: value }`, or nothing where there is no value: for members that must not be there as undefined. */
export function optional<K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [name in K]?: V });
}
