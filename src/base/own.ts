/** What a table holds under a word that came from elsewhere; `constructor` is none of its words. */
export function own<V>(table: Readonly<Record<string, V>>, word: string): V | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
