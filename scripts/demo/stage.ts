import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Front, serveFront } from '../../local/aws/process/front.ts';
import { createPlace, type Environment, environmentOf, registerFamilies } from '../local-aws/seed.ts';
import { type RunningAws, startLocalAws } from '../local-aws/start.ts';
import { type Database, startDatabase } from './database.ts';
import { chooseDocker, type Docker } from './docker.ts';
import { pushOldImage, serveOldVersion } from './old-version.ts';
import { startWebhook, type Webhook } from './webhook.ts';

/** How many times as fast as the wall clock AWS's time runs in the demo. */
export const SCALE = 20;
const HEALTHY_AFTER_MS = 100_000;

/** Everything that stands before the push: AWS with the old version in service, the database, Slack. */
export interface Stage {
  folder: string;
  /** The packed orb's text. */
  orb: string;
  names: Environment;
  aws: RunningAws;
  database: Database;
  docker: Docker;
  webhook: Webhook;
  front: Front;
  /** Start of AWS's time, for those who live by it too. */
  startMs: number;
  close(): Promise<void>;
}

export interface StageDeps {
  /** Makes the packed orb in this folder and answers its text. */
  buildOrb(folder: string): Promise<string>;
  /** Tells a fact as soon as it is one. */
  tell(name: string, value: string): void;
}

/** Sets the stage; what may happen at the same time does. */
export async function setStage({ buildOrb, tell }: StageDeps): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-demo-'));
  const names = environmentOf('stg');
  const docker = await chooseDocker(folder);
  const startMs = Date.now();
  const aws = await startLocalAws({ scale: SCALE, inDocker: docker.isEngine });
  // A second of AWS's time is short for a real process: one that crashes must be seen to crash before it counts as healthy.
  aws.model.services.settings.healthyAfterMs = HEALTHY_AFTER_MS;
  tell('AWS', `${aws.url}, where time runs ${SCALE} times as fast`);
  tell(
    'docker',
    docker.isEngine ? 'the engine of this machine' : 'a stand-in: no Docker engine answers on this machine',
  );
  const image = await createPlace(aws, names);
  const [database, webhook, front, orb] = await Promise.all([
    startDatabase(),
    startWebhook(),
    serveFront(() => aws.portsOf(names.serviceFamily)),
    buildOrb(folder),
    pushOldImage(image, join(folder, 'old'), { aws, docker }),
  ]);
  tell('database', 'PostgreSQL (PGlite)');
  const close = async () => {
    await front.close();
    webhook.close();
    await aws.close();
    database.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await registerFamilies(aws, names, { DATABASE_URL: database.url });
    await serveOldVersion(names, aws);
    return { folder, orb, names, aws, database, docker, webhook, front, startMs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the service answers, through its one fixed address. */
export async function answerOf({ front }: Stage): Promise<{ version?: string; tables?: string[]; error?: string }> {
  // A task that has just been started may need a moment until it listens.
  for (let tries = 0; ; tries++) {
    const response = await fetch(front.url);
    if (response.ok || tries === 150)
      return JSON.parse(await response.text().then((body) => (response.ok ? body : '{}')));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
