import { expect, it } from 'vitest';
import { redact } from '../../src/base/redact.ts';

it('keeps names and drops every value that may be secret, however deep', () => {
  const request = {
    cluster: 'prod',
    overrides: {
      containerOverrides: [
        { name: 'app', command: ['rails'], environment: [{ name: 'DB', value: 'canary-1' }, 'canary-2'] },
      ],
    },
    containerDefinitions: [
      {
        environment: [{ name: 'EMPTY', value: '' }],
        secrets: [{ name: 'KEY', valueFrom: 'arn:aws:secretsmanager:x' }],
        dockerLabels: { token: 'canary-3' },
        logConfiguration: { logDriver: 'splunk', options: { 'splunk-token': 'canary-4', 'awslogs-group': '/ecs/app' } },
      },
    ],
    volumes: [{ name: 'share', dockerVolumeConfiguration: { driver: 'cifs', driverOpts: { o: 'password=canary-5' } } }],
  };
  const printed = JSON.stringify(redact(request));
  expect(printed).not.toContain('canary');
  for (const kept of ['prod', 'DB', 'rails', 'EMPTY', 'arn:aws:secretsmanager:x', '/ecs/app', 'splunk-token', 'cifs'])
    expect(printed).toContain(kept);
});

it('leaves the original alone', () => {
  const request = { environment: [{ name: 'A', value: 'b' }] };
  redact(request);
  expect(request.environment[0]?.value).toBe('b');
});
