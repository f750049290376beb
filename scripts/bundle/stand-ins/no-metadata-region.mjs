// The region is what somebody named; the one of the machine may be CircleCI's own.
export const getInstanceMetadataRegion = async () => undefined;
