import { mkdirSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { pageOf, shown } from './pages.ts';

/**
 * Makes the pictures of the report for people to judge: `npx tsx test/report/images.ts FOLDER [PATTERN]`. Those in
 * docs/images were made so.
 */
const [folder = 'docs/images', pattern = '.'] = process.argv.slice(2);
const forms = [
  ['desktop', 1000],
  ['phone', 390],
] as const;
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const [name, records] of Object.entries(shown)) {
  for (const [form, width] of forms) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const path = `report-${name}-${form}-${colorScheme}`;
      if (!new RegExp(pattern).test(path)) continue;
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      await page.setContent(pageOf(records));
      writeFileSync(`${folder}/${path}.png`, await page.screenshot({ fullPage: true }));
      await page.close();
    }
  }
}
await browser.close();
