// Every Node that this program supports has SHA-256 in node:crypto.
export const Sha256Js = undefined;
