import { ApiError, type Json } from '../wire.ts';

/** The checked common part of both AssumeRole requests. */
export interface RoleRequest {
  roleArn: string;
  sessionName: string;
  durationS: number;
}

/** Checks role ARN, session name and duration with the words of STS. */
export function checkRoleRequest(input: Json): RoleRequest {
  const roleArn = String(input?.RoleArn ?? '');
  const sessionName = String(input?.RoleSessionName ?? '');
  const durationS = Number(input?.DurationSeconds ?? 3600);
  if (roleArn === '') fail(`Value null at 'roleArn' failed to satisfy constraint: Member must not be null`);
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\//.test(roleArn)) {
    throw new ApiError('ValidationError', `${roleArn} is invalid`);
  }
  if (!/^[\w+=,.@-]*$/.test(sessionName)) {
    fail(
      `Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
    );
  }
  if (sessionName.length < 2) {
    fail(
      `Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2`,
    );
  }
  if (sessionName.length > 64) {
    fail(
      `Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    );
  }
  if (!(durationS >= 900)) {
    fail(
      `Value '${durationS}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900`,
    );
  }
  if (durationS > 43_200) {
    fail(
      `Value '${durationS}' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200`,
    );
  }
  return { roleArn, sessionName, durationS };
}

function fail(message: string): never {
  throw new ApiError('ValidationError', `1 validation error detected: ${message}`);
}
