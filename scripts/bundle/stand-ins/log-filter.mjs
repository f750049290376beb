// What would be logged, if anything were.
export const schemaLogFilter = () => '***SensitiveInformation***';
