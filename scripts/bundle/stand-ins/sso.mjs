// Signing in by a browser belongs to a person's machine; the orb's program runs in CI.
import { CredentialsProviderError } from '@smithy/core/config';

export const fromSSO = () => async () => {
  throw new CredentialsProviderError(
    'The program of the orb does not sign in by SSO, which is for people; a job signs in by OIDC or with keys.',
    {
      tryNextLink: false,
    },
  );
};
export const isSsoProfile = () => false;
export const validateSsoProfile = (profile) => profile;
