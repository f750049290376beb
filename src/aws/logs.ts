import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { LogsPort } from '../ports.ts';
import type { Send } from './send.ts';

/** CloudWatch Logs over the SDK. */
export function connectLogs(config: CloudWatchLogsClientConfig, send: Send): LogsPort {
  const client = new CloudWatchLogsClient(config);
  return {
    getLogEvents: (input) =>
      send('logs:GetLogEvents', 'read', (attempt) => client.send(new GetLogEventsCommand(input), attempt)),
  };
}
