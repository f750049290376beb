import { exitCodeOfAll, type Outcome } from '../outcome.ts';

const prefix = 'MIGRATE_DEPLOY_';
/** Holds the outputs once more, so that the program can tell them from options that a user set. */
const ownVariable = `${prefix}LAST_OUTPUTS`;

type Env = Readonly<Record<string, string | undefined>>;

/** What later steps of a job may use, by variable; several services have their values side by side, with commas. */
export function outputsOf(outcomes: readonly Outcome[]): Record<string, string> {
  const several = (pick: (outcome: Outcome) => string | undefined): string =>
    [...new Set(outcomes.flatMap((outcome) => pick(outcome) ?? []))].join(',');
  const worst = outcomes.find((outcome) => exitCodeOfAll([outcome]) === exitCodeOfAll(outcomes));
  const values = {
    IMAGE: several((one) => (one.stage === 'build-and-push-image' ? one.image : undefined)),
    TASK_ARN: several((one) => ('taskArn' in one ? one.taskArn : undefined)),
    TASK_DEFINITION: several((one) => ('taskDefinition' in one ? one.taskDefinition : undefined)),
    DEPLOYMENT_ID: several((one) => ('deploymentId' in one ? one.deploymentId : undefined)),
    VERDICT: worst?.verdict ?? '',
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === '' ? [] : [[`${prefix}${name}`, value]])),
  );
}

/**
 * Lines for a file that a shell reads, such as CircleCI's $BASH_ENV. Values are quoted: nothing in them is ever run. The
 * steps of the orb do not take them: there MIGRATE_DEPLOY_IMAGE is the image that was asked for.
 */
export function outputLines(outcomes: readonly Outcome[]): string {
  const outputs = outputsOf(outcomes);
  const all = { ...outputs, [ownVariable]: JSON.stringify(outputs) };
  const words = Object.entries(all).map(([name, value]) => `${name}=${quoted(value)}`);
  return `[ -n "\${ORB_SUBCOMMAND-}" ] || export ${words.join(' ')}\n`;
}

const quoted = (value: string): string => `'${value.replaceAll('\0', '').replaceAll("'", `'\\''`)}'`;

/** The environment without the outputs of an earlier step: they are no options, whatever they are called. */
export function withoutOutputs(env: Env): Env {
  const { [ownVariable]: last, ...rest } = env;
  if (last === undefined) return env;
  const outputs = parse(last);
  return Object.fromEntries(Object.entries(rest).filter(([name, value]) => outputs[name] !== value));
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
