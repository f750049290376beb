import { harmless } from './line.ts';

/** Markup that is safe to print: made by `html` alone. */
export interface Markup {
  readonly markup: string;
}
type Part = string | number | undefined | Markup | readonly Markup[];

/** HTML in which everything that is put in is text, unless it is markup itself. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: texts.map((text, index) => text + markupOf(parts[index])).join('') };
}

function markupOf(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeMarkup(plainText(String(part)));
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('\n');
}

/** A text of somebody else with nothing in it that a reader of markup chokes on or obeys; its line breaks stay. */
export function plainText(text: string): string {
  return text
    .split('\n')
    .map((part) => harmless(part))
    .join('\n')
    .replaceAll(/[\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '');
}

/** Escapes what means something in HTML and XML, attributes included. */
export const escapeMarkup = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** A link for an address of the web, else its label alone: no other scheme is ever linked. */
export function anchor(url: string | undefined, label: string): Markup {
  return url !== undefined && /^https?:\/\//i.test(url) ? html`<a href="${url}">${label}</a>` : html`${label}`;
}
