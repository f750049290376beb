/** So many requests are under way at a time; AWS takes as many of one caller without a word. */
const atATime = 8;

/** Calls `each` with every item, some at a time; the answers stand in the order of the items, the first error ends it. */
export async function sideBySide<Item, Answer>(
  items: readonly Item[],
  each: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const waiting = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of waiting) answers[index] = await each(item);
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return answers;
}

/** Items in groups of at most `size`. */
export function inGroups<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
