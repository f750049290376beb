// Requests go to one region: plain SigV4, no sigv4a.
export const resolveAwsSdkSigV4AConfig = (config) => config;
export const NODE_SIGV4A_CONFIG_OPTIONS = { default: undefined };
