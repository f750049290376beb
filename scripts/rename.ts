import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const usage = 'npm run rename -- NAMESPACE/ORB OWNER/REPOSITORY';

/** Which orb and which repository a checkout of this project says that it is. */
export interface Names {
  /** NAMESPACE/NAME in CircleCI's registry. */
  orb: string;
  /** OWNER/NAME on GitHub. */
  repository: string;
}

/** The names that the files in `folder` hold: those of the publishing job and of the npm package. */
export async function namesIn(folder: string): Promise<Names> {
  const text = await readFile(join(folder, '.circleci/test-deploy.yml'), 'utf8');
  const { repository } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const publish = parse(text, { merge: true }).workflows['test-deploy'].jobs.find((job: object) =>
    Object.hasOwn(job, 'orb-tools/publish'),
  );
  const url = /github\.com\/([^/]+\/[^/]+?)\.git$/.exec(repository.url);
  return { orb: publish['orb-tools/publish'].orb_name, repository: url?.[1] ?? '' };
}

/** Writes names of your own into every file of a checkout; returns the files that changed. */
export async function rename(folder: string, to: Names): Promise<string[]> {
  const from = await namesIn(folder);
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: folder, encoding: 'utf8' }).split('\0').filter(Boolean);
  const changed: string[] = [];
  for (const file of files) {
    const before = await readFile(join(folder, file), 'utf8');
    const after = before
      // The owner of a repository, in its address and in CODEOWNERS, need not be called like the namespace.
      .replaceAll(`github.com/${from.repository}`, `github.com/${to.repository}`)
      .replaceAll(`@${from.repository}`, `@${to.repository}`)
      .replaceAll(new RegExp(`(?<![\\w./@-])${from.orb}(?![\\w-])`, 'g'), to.orb);
    if (after === before) continue;
    await writeFile(join(folder, file), after);
    changed.push(file);
  }
  return changed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [orb = '', repository = '', ...more] = process.argv.slice(2);
  if (more.length > 0 || ![orb, repository].every((name) => /^[\w-]+\/[\w.-]+$/.test(name))) {
    process.stderr.write(`Two names are needed: ${usage}\n`);
    process.exitCode = 2;
  } else {
    const changed = await rename(fileURLToPath(new URL('../', import.meta.url)), { orb, repository });
    console.log(`${changed.length} files changed. Look at them: git diff`);
  }
}
