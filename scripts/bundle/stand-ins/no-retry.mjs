// Each request is sent once: src/aws/send.ts decides about more.
import { normalizeProvider } from '@smithy/core/client';

export const DEFAULT_RETRY_MODE = 'standard';
export const NODE_MAX_ATTEMPT_CONFIG_OPTIONS = { default: 1 };
export const NODE_RETRY_MODE_CONFIG_OPTIONS = { default: DEFAULT_RETRY_MODE };
export const resolveRetryConfig = (config) =>
  Object.assign(config, { maxAttempts: normalizeProvider(config.maxAttempts ?? 1) });
// Signing takes its place from this one's name.
const place = { name: 'retryMiddleware', step: 'finalizeRequest', priority: 'high', override: true };
export const getRetryPlugin = () => ({ applyToStack: (stack) => stack.add((next) => next, place) });
