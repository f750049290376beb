/** A rule of ours made wrong, to prove that the schedules would find it. */
export interface Plant {
  file: string;
  /** As the source says it. */
  rule: string;
  /** What stands in its place. */
  bug: string;
  finds: 'migrations' | 'rollouts';
  /** Part of what the schedules say of it. */
  finding: RegExp;
}
