import { resourceName, taskId } from './arn.ts';

/** The page of a task in the AWS console. */
export function taskConsoleUrl(region: string, cluster: string, task: string): string {
  return page(region, cluster, `tasks/${taskId(task)}`);
}

/** The page of a service in the AWS console, or one of its tabs. */
export function serviceConsoleUrl(region: string, cluster: string, service: string, tab?: 'deployments'): string {
  return page(region, cluster, `services/${resourceName(service)}${tab === undefined ? '' : `/${tab}`}`);
}

/** The page of a log stream in the CloudWatch console. */
export function logConsoleUrl({ region, group, stream }: { region: string; group: string; stream: string }): string {
  // The console decodes the part behind # twice, with $ in place of %.
  const twice = (text: string): string => encodeURIComponent(encodeURIComponent(text)).replaceAll('%', '$');
  const home = `https://${region}.${consoleDomain(region)}/cloudwatch/home?region=${region}`;
  return `${home}#logsV2:log-groups/log-group/${twice(group)}/log-events/${twice(stream)}`;
}

function page(region: string, cluster: string, path: string): string {
  return `https://${region}.${consoleDomain(region)}/ecs/v2/clusters/${resourceName(cluster)}/${path}?region=${region}`;
}

/** Each partition of AWS has a console of its own. */
function consoleDomain(region: string): string {
  if (region.startsWith('cn-')) return 'console.amazonaws.cn';
  return region.startsWith('us-gov-') ? 'console.amazonaws-us-gov.com' : 'console.aws.amazon.com';
}
