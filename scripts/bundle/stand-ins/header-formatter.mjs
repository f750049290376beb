// Headers of event streams; no operation that this program calls streams events.
export class HeaderFormatter {}
