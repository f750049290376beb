// Signing in by a browser belongs to a person's machine; the orb's program runs in CI.
import { CredentialsProviderError } from '@smithy/core/config';

export const fromSSO = () => async () => {
  throw new CredentialsProviderError(
    'A profile that signs in by SSO needs a browser; the program of the orb has none.',
    {
      tryNextLink: false,
    },
  );
};
export const isSsoProfile = () => false;
export const validateSsoProfile = (profile) => profile;
