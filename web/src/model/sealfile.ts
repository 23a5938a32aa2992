/** A file as it lies at the server when it is encrypted (XEP-0454). */
export interface SealedFile {
  blob: Blob;
  /** Nothing but the ending, by which others know what it is. */
  name: string;
  type: string;
  /** Where it is, with what opens it. */
  address(url: string): string;
}

export async function sealBlob(blob: Blob, name: string): Promise<SealedFile> {
  const { buildAesgcm, sealFile } = await import('../omemo/files.ts');
  const { sealed, secret } = await sealFile(new Uint8Array(await blob.arrayBuffer()));
  const ending = /\.[a-z0-9]{1,8}$/iu.exec(name)?.[0].toLowerCase() ?? '';
  return {
    blob: new Blob([sealed as Uint8Array<ArrayBuffer>]),
    name: `${crypto.randomUUID()}${ending}`,
    type: 'application/octet-stream',
    address: (url) => buildAesgcm(url, secret),
  };
}

/** What is at an address with a key, and how to open it. @throws when it is no such address. */
export async function sealedSource(address: string): Promise<{ url: string; open(blob: Blob, type: string): Promise<Blob> }> {
  const { openFile, parseAesgcm } = await import('../omemo/files.ts');
  const parsed = parseAesgcm(address);
  if (!parsed) throw new Error('No address of a file.');
  return {
    url: parsed.url,
    open: async (blob, type) => new Blob([(await openFile(new Uint8Array(await blob.arrayBuffer()), parsed.secret)) as Uint8Array<ArrayBuffer>], { type }),
  };
}
