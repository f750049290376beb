import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Served } from '../../local/aws/http.ts';

/** The AWS CLI of this machine, where it runs on a Python that reads PYTHONPATH (version 1 does). */
export const awsCliPath = findAwsCli();

function findAwsCli(): string | undefined {
  const { status, stdout, stderr } = spawnSync('aws', ['--version'], { encoding: 'utf8' });
  return status === 0 && /aws-cli\/1\./.test(stdout + stderr) ? 'aws' : undefined;
}

/** Its waits move the local AWS's clock instead of taking time, as the bundle's do. */
const virtualTime = `
import json, os, time, urllib.request
def sleep(seconds):
    body = json.dumps({"ms": round(seconds * 1000)}).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ["LOCAL_AWS_CONTROL"] + "/_local/clock/advance", data=body, headers={"content-type": "application/json"})).read()
time.sleep = sleep
`;

/** Runs the AWS CLI on the virtual time of a served model; answers what it printed. */
export async function awsCli(served: Served, args: readonly string[]): Promise<{ exitCode: number; stdout: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-bench-'));
  try {
    await writeFile(join(folder, 'sitecustomize.py'), virtualTime);
    const child = spawn(awsCliPath ?? 'aws', args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        PYTHONPATH: folder,
        AWS_PAGER: '',
        LOCAL_AWS_CONTROL: served.url,
        ...served.env,
      },
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    return { exitCode, stdout };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
