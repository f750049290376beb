// No buckets.
export const resolveParamsForS3 = async (endpointParams) => endpointParams;
