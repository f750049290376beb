/**
 * Replaces `$VAR`, `${VAR}` and `${VAR:-default}` as `circleci env subst` does; an unset variable becomes empty.
 * `$$` and a `$` before anything else stay as they are. Nothing is ever executed, and values are not expanded again.
 */
export function expandVariables(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(
    /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\})/g,
    (_whole, bare: string | undefined, braced: string | undefined, fallback: string | undefined) => {
      const value = env[bare ?? braced ?? ''] ?? '';
      return value === '' ? (fallback ?? '') : value;
    },
  );
}
