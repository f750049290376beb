// No client is given extensions.
export const resolveRuntimeExtensions = (config) => config;
