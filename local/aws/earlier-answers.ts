import type { WireResponse } from './wire.ts';

const keptPerRequest = 50;

/** What the same request was answered before: where a stale read comes from. */
export class EarlierAnswers {
  readonly #answers = new Map<string, { atMs: number; response: WireResponse }[]>();

  keep(request: string, atMs: number, response: WireResponse): void {
    const answers = this.#answers.get(request) ?? [];
    answers.push({ atMs, response });
    if (answers.length > keptPerRequest) answers.shift();
    this.#answers.set(request, answers);
  }

  /** The newest answer that was given until `untilMs`, else the oldest there is. */
  until(request: string, untilMs: number): WireResponse | undefined {
    const answers = this.#answers.get(request) ?? [];
    return (answers.findLast(({ atMs }) => atMs <= untilMs) ?? answers[0])?.response;
  }
}
