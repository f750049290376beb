import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasTool } from '../support/needs-tool.ts';
import { importBaseImage } from './engine/base-image.ts';
import { type DockerEngine, startDockerEngine } from './engine/docker-engine.ts';

const hasEngine = hasTool({
  name: 'a Docker engine that root may start',
  probe: ['sh', '-c', 'test "$(id -u)" = 0 && dockerd --version && ldd --version'],
  install: 'apt-get install docker.io, and run as root',
});
const root = fileURLToPath(new URL('../../', import.meta.url));
// The same demo with nothing standing in for Docker: a real engine builds and pushes the image, and runs every container.
describe.runIf(hasEngine)('the Docker engine', () => {
  let engine: DockerEngine | undefined;

  beforeAll(async () => {
    engine = await startDockerEngine();
    importBaseImage(engine.docker);
  }, 120_000);
  afterAll(() => engine?.close(), 60_000);

  test('the demo is green with a real Docker engine', async () => {
    const env = { ...process.env, ...engine?.env, NO_COLOR: '1' };
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), 'scripts/demo.ts'], {
      cwd: root,
      env,
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(stdout, stderr).toContain('the engine of this machine');
    expect(stdout).not.toContain('✘');
    expect(await ended, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/Image: \S+@sha256:\w+/);
    expect(stdout).toContain('the new version answers: version 1.1.0');
    expect(engine?.docker(['ps', '--quiet'])).toBe('');
  }, 300_000);
});
