import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOidcIssuer } from '../../local/aws/identity/oidc-issuer.ts';
import { type Front, serveFront } from '../../local/aws/process/front.ts';
import { type Database, startDatabase } from '../demo/database.ts';
import { chooseDocker } from '../demo/docker.ts';
import { pushOldImage, serveOldVersion } from '../demo/old-version.ts';
import { createPlace, type Environment, environmentOf, registerFamilies } from './seed.ts';
import type { RunningAws } from './start.ts';

/** An account as README and docs/first-run.md speak of it. */
export interface DemoAccount {
  names: Environment;
  front: Front;
  /** Role that jobs of CircleCI may assume with their OIDC token, and such a token. */
  roleArn: string;
  token: string;
  close(): Promise<void>;
}

/**
 * Fills local AWS: cluster hoge-stg, its repository with the image `latest` and `v1`, both families, a service whose two tasks
 * are real processes on a real database, and a role that trusts the tokens of a CircleCI organization.
 */
export async function fillDemo(aws: RunningAws): Promise<DemoAccount> {
  const folder = await mkdtemp(join(tmpdir(), 'local-aws-demo-'));
  const names = environmentOf('stg');
  const image = await createPlace(aws, names);
  const docker = await chooseDocker(folder);
  let database: Database | undefined;
  try {
    database = await startDatabase();
    await pushOldImage(image, join(folder, 'old'), { aws, docker });
    const repository = aws.model.ecr.store.repositories.get(names.repository);
    const latest = repository?.tags.get('latest');
    if (latest !== undefined) repository?.tags.set('v1', latest);
    await registerFamilies(aws, names, { DATABASE_URL: database.url });
    await serveOldVersion(names, aws);
  } catch (error) {
    database?.close();
    throw error;
  }
  const opened = database;
  const issuer = await createOidcIssuer(aws.model.world.clock);
  const provider = aws.model.identity.createOidcProvider({
    url: issuer.url,
    clientIds: [issuer.organizationId],
    keys: issuer.keys,
  });
  const role = aws.model.identity.access.createRole('circleci-deploy', {
    Statement: { Effect: 'Allow', Principal: { Federated: provider.arn }, Action: 'sts:AssumeRoleWithWebIdentity' },
  });
  const front = await serveFront(() => aws.portsOf(names.serviceFamily));
  return {
    names,
    front,
    roleArn: role.arn,
    token: await issuer.token(),
    close: async () => {
      await front.close();
      opened.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
