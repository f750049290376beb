import { GetCallerIdentityCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import type { StsPort } from '../ports.ts';
import type { Send } from './send.ts';

/** STS over the SDK. */
export function connectSts(config: STSClientConfig, send: Send): StsPort {
  const client = new STSClient(config);
  return {
    getCallerIdentity: () =>
      send('sts:GetCallerIdentity', 'read', (attempt) => client.send(new GetCallerIdentityCommand({}), attempt)),
  };
}
