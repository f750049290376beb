/** A text with its variables replaced, and the names of those that are not set and have no default. */
export interface Expanded {
  text: string;
  unset: string[];
}

/**
 * Replaces `$VAR`, `${VAR}` and `${VAR:-default}` as `circleci env subst` does; `$$` is a `$`. A variable that is not set
 * becomes empty and is named in `unset`. Any other `$` stays as it is. Nothing is ever executed, and values are not
 * expanded again.
 */
export function expandVariables(text: string, env: Readonly<Record<string, string | undefined>>): Expanded {
  const unset = new Set<string>();
  const expanded = text.replaceAll(
    /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\})/g,
    (_whole, dollar?: string, bare?: string, braced?: string, fallback?: string) => {
      if (dollar !== undefined) return dollar;
      const name = bare ?? braced ?? '';
      const value = env[name];
      if (value === undefined && fallback === undefined) unset.add(name);
      return value === undefined || value === '' ? (fallback ?? '') : value;
    },
  );
  return { text: expanded, unset: [...unset] };
}
