// The profiles' roles are assumed by the one STS client that this program carries.
export { getDefaultRoleAssumer, getDefaultRoleAssumerWithWebIdentity } from '@aws-sdk/client-sts';
