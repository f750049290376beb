import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunOptions } from './runner.ts';

/** Mints OIDC tokens for jobs, also over HTTP, where the `circleci` stand-in asks for `run oidc get`. */
export interface TokenService {
  mint(job: string, audience: string | undefined): Promise<string>;
  address(job: string): string;
  close(): void;
}

export async function startTokenService(mintToken: NonNullable<RunOptions['mintToken']>): Promise<TokenService> {
  const mint = async (name: string, audience: string | undefined): Promise<string> => mintToken({ name, audience });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    mint(url.searchParams.get('job') ?? '', url.searchParams.get('audience') ?? undefined).then(
      (token) => response.end(token),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    mint,
    address: (job) => `http://127.0.0.1:${port}/?job=${encodeURIComponent(job)}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
