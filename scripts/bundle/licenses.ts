import type { BundledPackage } from './packages.ts';

/** The licence texts of these packages, each text once behind the packages that share it. */
export function licenseTexts(packages: readonly BundledPackage[]): string {
  const texts = new Map<string, string[]>();
  for (const { name, version, license, text } of packages) {
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...texts].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}
