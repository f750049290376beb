// The SDK makes one attempt for us, whatever its retry mode: src/aws/send.ts decides about more.
export { StandardRetryStrategy as AdaptiveRetryStrategy } from './StandardRetryStrategy';
