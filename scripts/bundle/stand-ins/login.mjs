// Signing in by a browser belongs to a person's machine; the orb's program runs in CI.
import { CredentialsProviderError } from '@smithy/core/config';

export const fromLoginCredentials = () => async () => {
  throw new CredentialsProviderError('A profile of `aws login` needs a browser; the program of the orb has none.', {
    tryNextLink: false,
  });
};
