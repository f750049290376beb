import type { World } from '../part.ts';
import type { Principal } from '../wire.ts';

interface Issued {
  principal: Principal | undefined;
  expiresAtMs: number;
}

const livesMs = 12 * 3_600_000;

/** The passwords that GetAuthorizationToken handed out: for user `AWS`, good for 12 hours. */
export class AuthorizationTokens {
  readonly #world: World;
  readonly #issued = new Map<string, Issued>();

  constructor(world: World) {
    this.#world = world;
  }

  issue(principal: Principal | undefined): { token: string; password: string; expiresAtMs: number } {
    const password = `eyJwYXlsb2FkIjoi${this.#world.hex(160)}`;
    const expiresAtMs = this.#world.clock.now() + livesMs;
    this.#issued.set(password, { principal, expiresAtMs });
    return { token: Buffer.from(`AWS:${password}`).toString('base64'), password, expiresAtMs };
  }

  /** Every password that was issued: what must not be found in any output. */
  passwords(): string[] {
    return [...this.#issued.keys()];
  }

  /** Who an `Authorization` header speaks for. */
  check(
    header: string | undefined,
  ): { state: 'none' | 'wrong' | 'expired' } | { state: 'ok'; by: Principal | undefined } {
    if (header === undefined) return { state: 'none' };
    const [scheme = '', value = ''] = header.split(' ');
    const clear = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString() : '';
    const issued = clear.startsWith('AWS:') ? this.#issued.get(clear.slice('AWS:'.length)) : undefined;
    if (issued === undefined) return { state: 'wrong' };
    if (this.#world.clock.now() >= issued.expiresAtMs) return { state: 'expired' };
    return { state: 'ok', by: issued.principal };
  }
}
