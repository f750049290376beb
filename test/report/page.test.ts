import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { htmlPage } from '../../src/report/page.ts';
import { hasTool } from '../support/needs-tool.ts';
import { ci } from './outcomes.ts';
import { hostile, pageOf, shown } from './pages.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = hasTool({
  name: 'chromium',
  probe: [executablePath, '--version'],
  install: 'apt-get install chromium',
});
const all = Object.entries(shown);

describe('the file', () => {
  test.each(all)('%s: under 150 KiB without its logs, and nothing is fetched', (_name, records) => {
    const page = pageOf(records);
    const withoutLogs = page.replaceAll(/<pre[^>]*role="group"[\s\S]*?<\/pre>/g, '');
    expect(Buffer.byteLength(withoutLogs)).toBeLessThan(150 * 1024);
    expect(page).not.toMatch(/<(?:script|link|iframe|img|object|embed)\b|@import|\burl\(/i);
    expect(page).toContain("default-src 'none'");
  });

  test('addresses that are not of the web are no links', () => {
    const facts = { ...ci, buildUrl: 'javascript:alert(1)', repositoryUrl: 'javascript:alert(1)//github.com/a/b' };
    expect(pageOf(shown.green ?? [], facts)).not.toContain('href="javascript');
  });

  test('the timeline shows when traffic shifted', () => {
    const [build, migration, rollout] = shown.green ?? [];
    const startMs = Date.parse(rollout?.startedAt ?? '');
    const trafficShifts = [0, 10, 100].map((productionWeight, index) => ({
      at: new Date(startMs + index * 60_000).toISOString(),
      productionWeight,
    }));
    const page = pageOf([build, migration, { ...rollout, trafficShifts }] as Parameters<typeof pageOf>[0]);
    expect([...page.matchAll(/<title>(\d+ % of the traffic) at /g)].map(([, text]) => text)).toEqual(
      [0, 10, 100].map((weight) => `${weight} % of the traffic`),
    );
    expect(page).toMatch(/10 % of the traffic from \d\d:\d\d:\d\d/);
  });

  test('without any record it says so', () => {
    const page = htmlPage({ status: 'pass', stages: [], failed: [] }, {}, '1.0.0');
    expect(page).toContain('No stage has left a record so far.');
  });

  test.each([
    ['green', 'Deployed: shop-web serves shop:42.'],
    ['migrationFailed', 'Failed: The migration of shop failed with exit code 1; no service was updated.'],
    ['rolledBack', 'Rolled back: The rollout of shop:42 to shop-web failed and was rolled back; shop:41 serves.'],
    [
      'superseded',
      'Superseded: The rollout of shop:42 to shop-web was superseded by another deployment; shop:43 serves.',
    ],
    [
      'twelveServices',
      'Rolled back: The rollout of shop:42 to shop-billing failed and was rolled back; shop:41 serves. 11 of 12 services are green.',
    ],
  ])('%s: the verdict in one sentence', (name, title) => {
    expect(pageOf(shown[name] ?? [])).toContain(`<title>${title}</title>`);
  });
});

describe.runIf(hasChromium)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  async function open<T>(name: string, width: number, colorScheme: 'light' | 'dark', look: (page: Page) => Promise<T>) {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
    await page.setContent(pageOf(shown[name] ?? []));
    try {
      return await look(page);
    } finally {
      await page.close();
    }
  }

  const forms = all.flatMap(([name]) => [
    [name, 'light', 1000] as const,
    [name, 'dark', 390] as const,
    ...(name === 'rolledBack' ? [[name, 'light', 390] as const, [name, 'dark', 1000] as const] : []),
  ]);
  test.each(forms)(
    '%s, %s, %i pixels: no violation of accessibility, and nothing is wider than the screen',
    async (name, scheme, width) => {
      const { violations, overflow } = await open(name, width, scheme, async (page) => {
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
        await page.evaluate(axe.source);
        const found = (await page.evaluate('axe.run(document)')) as {
          violations: { id: string; nodes: { html: string }[] }[];
        };
        return {
          violations: found.violations.map(
            ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' ')}`,
          ),
          overflow: (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number,
        };
      });
      expect(violations).toEqual([]);
      expect(overflow).toBeLessThanOrEqual(0);
    },
  );

  test('hostile text is shown and never obeyed', async () => {
    const { title, elements, text } = await open('hostile', 1000, 'light', async (page) => ({
      title: await page.title(),
      elements: await page.evaluate("document.querySelectorAll('script, img, [onload], [onerror]').length"),
      text: await page.textContent('body'),
    }));
    expect(title).not.toBe('owned');
    expect(elements).toBe(0);
    expect(text).toContain(hostile);
  });

  test('all that scrolls or opens is reached with the keyboard', async () => {
    const unreachable = await open('migrationFailed', 390, 'light', (page) =>
      page.evaluate(
        "[...document.querySelectorAll('pre, .scroll')].filter((one) => one.scrollWidth > one.clientWidth && one.tabIndex < 0).length",
      ),
    );
    expect(unreachable).toBe(0);
  });
});
