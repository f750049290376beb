import type { World } from '../part.ts';
import { ApiError, type Json, type Principal } from '../wire.ts';
import type { PolicyDocument } from './policy.ts';

/** A role: who may assume it and for how long. */
export interface Role {
  arn: string;
  name: string;
  roleId: string;
  trust: PolicyDocument;
  maxSessionDurationS: number;
}

interface Session {
  principal: Principal;
  roleArn: string;
  sessionToken: string;
  expiresAtMs: number;
}

/** Access keys, roles and the sessions that were opened. */
export class Access {
  readonly roles = new Map<string, Role>();
  /** Accept any key that is not of a session, as user `ci` of this account. Off: only created users are known. */
  acceptUnknownKeys = true;
  readonly #world: World;
  readonly #users = new Map<string, Principal>();
  readonly #sessions = new Map<string, Session>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A user with one access key; from the first one on, unknown keys are refused. */
  createUser(name: string): { arn: string; accessKeyId: string; secretAccessKey: string } {
    const { accountId } = this.#world;
    const arn = `arn:aws:iam::${accountId}:user/${name}`;
    const accessKeyId = `AKIA${this.#world.hex(16).toUpperCase()}`;
    this.#users.set(accessKeyId, {
      accountId,
      arn,
      userId: `AIDA${this.#world.hex(17).toUpperCase()}`,
      accessKeyId,
    });
    this.acceptUnknownKeys = false;
    return { arn, accessKeyId, secretAccessKey: this.#world.hex(40) };
  }

  createRole(
    name: string,
    trust: PolicyDocument,
    options: { maxSessionDurationS?: number; accountId?: string } = {},
  ): Role {
    const arn = `arn:aws:iam::${options.accountId ?? this.#world.accountId}:role/${name}`;
    const maxSessionDurationS = options.maxSessionDurationS ?? 3600;
    const role = { arn, name, roleId: `AROA${this.#world.hex(17).toUpperCase()}`, trust, maxSessionDurationS };
    this.roles.set(arn, role);
    return role;
  }

  /** Opens a session of the role and answers as STS does. */
  openSession(role: Role, sessionName: string, durationS: number): Json {
    if (durationS > role.maxSessionDurationS) {
      throw new ApiError(
        'ValidationError',
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      );
    }
    const accountId = role.arn.split(':')[4] ?? this.#world.accountId;
    const accessKeyId = `ASIA${this.#world.hex(16).toUpperCase()}`;
    const sessionToken = `IQoJb3JpZ2luX2Vj${this.#world.hex(240)}`;
    const expiresAtMs = this.#world.clock.now() + durationS * 1000;
    const userId = `${role.roleId}:${sessionName}`;
    const arn = `arn:aws:sts::${accountId}:assumed-role/${role.name.split('/').at(-1)}/${sessionName}`;
    const principal = { accountId, arn, userId, accessKeyId };
    this.#sessions.set(accessKeyId, { principal, roleArn: role.arn, sessionToken, expiresAtMs });
    return {
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: this.#world.hex(40),
        SessionToken: sessionToken,
        Expiration: new Date(expiresAtMs).toISOString(),
      },
      AssumedRoleUser: { AssumedRoleId: userId, Arn: arn },
    };
  }

  /** Who stands behind an access key, `expired` for a session that ended, undefined for nobody. */
  principal(accessKeyId: string, sessionToken: string | undefined): Principal | 'expired' | undefined {
    const session = this.#sessions.get(accessKeyId);
    if (session !== undefined) {
      if (session.sessionToken !== sessionToken) return undefined;
      return this.#world.clock.now() >= session.expiresAtMs ? 'expired' : session.principal;
    }
    const user = this.#users.get(accessKeyId);
    if (user !== undefined || !this.acceptUnknownKeys || accessKeyId.startsWith('ASIA')) return user;
    const { accountId } = this.#world;
    return { accountId, arn: `arn:aws:iam::${accountId}:user/ci`, userId: 'AIDACKCEVSQ6C2EXAMPLE', accessKeyId };
  }

  /** The role behind a session, undefined for a user. */
  sessionRole({ accessKeyId }: Principal): string | undefined {
    return this.#sessions.get(accessKeyId)?.roleArn;
  }

  /** The ARN that policies are attached to: the role of a session, else the user. */
  policyHolder(principal: Principal): string {
    return this.sessionRole(principal) ?? principal.arn;
  }

  /** Every session token that was handed out: what must not be found in any output. */
  sessionTokens(): string[] {
    return [...this.#sessions.values()].map(({ sessionToken }) => sessionToken);
  }

  /** How many sessions were opened. */
  get sessionCount(): number {
    return this.#sessions.size;
  }
}
