export function firstLoad(folder: string, also: RegExp): Promise<Set<string>>;
