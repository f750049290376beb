import { type Line, line, strong, warn } from '../report/line.ts';
import type { IamPolicies } from './policy.ts';

/** Both policies, ready to be pasted, and what in them is wider than it need be. */
export function iamPolicyLines({ policy, trustPolicy, wide }: IamPolicies): Line[] {
  return [
    strong('Policy of the role:'),
    ...documentLines(policy),
    strong('Trust policy of the role:'),
    ...documentLines(trustPolicy),
    ...wide.map((text) => warn(`Note: ${text}`)),
  ];
}

function documentLines(document: object): Line[] {
  return JSON.stringify(document, null, 2).split('\n').map(line);
}
