/** Makes one text shorter, and remembers what it said in full. */
export type Shorten = (text: string) => string;

/**
 * Makes texts shorter that were said in full before: of a digest 12 digits stay, of an image its repository's name, of an
 * ARN its resource. Never to be used on a command line that somebody copies.
 */
export function shortener(): Shorten {
  const said = new Set<string>();
  const again = (full: string, short: string): string => {
    if (said.has(full)) return short;
    said.add(full);
    return full;
  };
  return (text) =>
    text
      .replaceAll(/[\w.-]+\.dkr\.ecr\.[\w.-]+\/([\w./-]+@sha256:[0-9a-f]{12})[0-9a-f]{52}/g, (full, short) =>
        again(full, `${short}…`),
      )
      .replaceAll(/(?<![@…\w])(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, (full, short) => again(full, `${short}…`))
      .replaceAll(/(arn:[\w-]+:[\w-]+:[\w-]*:\d*:)([\w/.:-]+)/g, (_full, place, resource) => {
        const isKnown = said.has(place);
        said.add(place);
        return isKnown ? resource : `${place}${resource}`;
      });
}
