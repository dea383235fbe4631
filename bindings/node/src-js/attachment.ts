/** A file that goes with events: by its path, or what is in it with a name. */
export interface Attachment {
  /** What is in it. */
  data?: string | Uint8Array;
  /** Or where it is; it is read when an event is captured. */
  path?: string;
  /** Its name; needed with `data`. */
  filename?: string;
  contentType?: string;
  /** What it is for; `event.attachment` by default. */
  attachmentType?: string;
  /** It goes with transactions, too. */
  addToTransactions?: boolean;
}

/** The arguments of the addon. @internal */
export type AttachmentArguments = [
  path: string | undefined,
  bytes: Uint8Array | undefined,
  filename: string | undefined,
  contentType: string | undefined,
  attachmentType: string | undefined,
  addToTransactions: boolean,
];

/** An attachment as the addon takes it. @internal */
export function attachmentArguments(attachment: Attachment): AttachmentArguments {
  const { data, path, filename, contentType, attachmentType, addToTransactions } = attachment;
  const bytes = typeof data === "string" ? Buffer.from(data) : data instanceof Uint8Array ? data : undefined;
  return [text(path), bytes, text(filename), text(contentType), text(attachmentType), addToTransactions === true];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
