/** The command that goes on looking at tasks after we had to leave them. */
export function resumeCommand(look: {
  cluster: string;
  taskArns: readonly string[];
  region: string;
  container: string | undefined;
}): string {
  const container = look.container === undefined ? '' : ` --container ${look.container}`;
  const tasks = look.taskArns.map((arn) => ` --task ${arn}`).join('');
  return `migrate-deploy wait-for-task --region ${look.region} --cluster ${look.cluster}${tasks}${container}`;
}
