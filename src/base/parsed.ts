/** What reading a text comes to: the value, or errors in words that follow `--name `. */
export type Parsed<T> = { value: T } | { errors: readonly string[] };

/** The parsed value of a text. */
export const valid = <T>(value: T): Parsed<T> => ({ value });

/** The errors of a text. */
export const wrong = (...errors: string[]): Parsed<never> => ({ errors });
