/** A failure that is planted for a real tool: what stands in its folder and in the database, and the command that then fails. */
export interface Planted {
  /** `<tool>-<failure>`, also the name of its log in ../logs. */
  name: string;
  files?: Readonly<Record<string, string>>;
  /** SQL that the role app runs beforehand in the database. */
  sql?: string;
  /** SQL of a superuser's session that stays open meanwhile. */
  hold?: string;
  /** A shell script; it runs in the folder of `files`. */
  command: string;
  /** Environment over the usual one, e.g. another DATABASE_URL. */
  env?: Readonly<Record<string, string>>;
}

/** Where the tool's database is, in the forms that tools want. */
export interface Place {
  port: number;
  /** Folder that install.sh filled. */
  tools: string;
}

/** A database that nobody serves: port 1 of this machine. */
export const nobody = 'postgres://app@127.0.0.1:1/app_production';
