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
  /** Role that jobs of CircleCI may assume with their OIDC token. */
  roleArn: string;
  /** Such a token and, where no Docker engine answers, where the stand-in for `docker` is. */
  env: Record<string, string>;
  close(): Promise<void>;
}

/**
 * Fills local AWS with two environments, stg and prod: cluster hoge-stg, its repository with the image `latest` and `v1`, both
 * families, and a service whose two tasks are real processes on a real database; beside them a role that trusts the tokens of
 * a CircleCI project.
 */
export async function fillDemo(aws: RunningAws): Promise<DemoAccount> {
  const folder = await mkdtemp(join(tmpdir(), 'local-aws-demo-'));
  const docker = await chooseDocker(folder);
  const databases: Database[] = [];
  const close = async () => {
    for (const database of databases) database.close();
    await rm(folder, { recursive: true, force: true });
  };
  const names = environmentOf('stg');
  try {
    for (const one of [names, environmentOf('prod')]) {
      const database = await startDatabase();
      databases.push(database);
      const image = await createPlace(aws, one);
      await pushOldImage(image, join(folder, one.cluster), { aws, docker });
      const repository = aws.model.ecr.store.repositories.get(one.repository);
      const latest = repository?.tags.get('latest');
      if (latest !== undefined) repository?.tags.set('v1', latest);
      await registerFamilies(aws, one, { DATABASE_URL: database.url });
      await serveOldVersion(one, aws);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const issuer = await createOidcIssuer(aws.model.world.clock);
  const provider = aws.model.identity.createOidcProvider({
    url: issuer.url,
    clientIds: [issuer.organizationId],
    keys: issuer.keys,
  });
  const subject = `org/${issuer.organizationId}/project/${issuer.projectId}/user/*`;
  const role = aws.model.identity.access.createRole('circleci-deploy', {
    Statement: {
      Effect: 'Allow',
      Principal: { Federated: provider.arn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringLike: { [`${issuer.url.replace('https://', '')}:sub`]: subject } },
    },
  });
  const front = await serveFront(() => aws.portsOf(names.serviceFamily));
  return {
    names,
    front,
    roleArn: role.arn,
    env: { ...docker.env, CIRCLE_OIDC_TOKEN_V2: await issuer.token() },
    close: async () => {
      await front.close();
      await close();
    },
  };
}
