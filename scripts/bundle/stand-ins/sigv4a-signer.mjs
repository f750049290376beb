// Requests go to one region: plain SigV4, no sigv4a.
export { AwsSdkSigV4Signer as AwsSdkSigV4ASigner } from './AwsSdkSigV4Signer';
