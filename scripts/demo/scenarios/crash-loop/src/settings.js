/** The secret that signs sessions. Nobody has given it to the service yet. */
export const sessionSecret = required('SESSION_SECRET');

function required(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
