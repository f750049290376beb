/** The version of this application. */
export const version = '1.1.0';
