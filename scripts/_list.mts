import { bundle } from './bundle/bundle.ts';
import { swapFiles, swapsOfTheOrb } from './bundle/swaps.ts';
import { withoutHelp } from './bundle/without-help.ts';
import { commandsOfTheOrb } from './orb/commands.ts';
import { commands } from '../src/commands/index.ts';
const inOrb = await commandsOfTheOrb('orb');
const left = commands.map((c) => c.name).filter((n) => !inOrb.includes(n));
console.log(left);
const { modules } = await bundle({ entry: 'scripts/orb/start.ts', define: { MIGRATE_DEPLOY_VERSION: '1.0.0', MIGRATE_DEPLOY_LEFT_OUT: left }, plugins: [swapFiles(swapsOfTheOrb), withoutHelp(left)] });
const g: Record<string, number> = {};
for (const [k, v] of modules) { const s = k.replace(/.*node_modules\//, '').replace(/.*wt\/speed\//, ''); const p = s.startsWith('src') ? s.split('/').slice(0, 2).join('/') : s.split('/').slice(0, s[0] === '@' ? 2 : 1).join('/'); g[p] = (g[p] ?? 0) + v; }
for (const [k, v] of Object.entries(g).sort((a, b) => b[1] - a[1]).slice(0, 40)) console.log(v, k);
console.log('---');
for (const [k, v] of [...modules].filter(([k]) => !k.includes('node_modules')).sort((a, b) => b[1] - a[1]).slice(0, 90)) console.log(v, k.split('speed/').at(-1)!);
