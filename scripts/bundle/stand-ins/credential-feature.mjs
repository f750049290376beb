// Which kind of credentials they are is not told to AWS.
export const setCredentialFeature = (credentials) => credentials;
