import type { BundledPackage } from './packages.ts';

/** The licence texts of these packages, each text once behind the packages that share it. */
export function licenseTexts(packages: readonly BundledPackage[]): string {
  const texts = new Map<string, string[]>();
  for (const { name, version, license, text } of packages) {
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...texts].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}

/**
 * The program with the same as a comment behind its first line, for one that travels alone. Its end stays as it is: the
 * chunks stand there (link.ts). In ASCII, which is read faster.
 */
export function withLicenses(code: string, packages: readonly BundledPackage[]): string {
  const end = code.indexOf('\n') + 1;
  const texts = licenseTexts(packages)
    .replaceAll('*/', '* /')
    .replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `${code.slice(0, end)}/*\nThis program holds parts of these packages.\n\n${texts}*/\n${code.slice(end)}`;
}
