// The region is known before there is a client.
export const getInstanceMetadataRegion = async () => undefined;
