import type { IamPolicies } from '../iam/policy.ts';
import { type Line, line, strong, warn } from './line.ts';

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
