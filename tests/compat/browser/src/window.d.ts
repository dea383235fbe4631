interface Window {
  /** What the driver wants to be different. */
  options: { dsn: string; release: string; environment: string; tunnel?: string; transportOptions?: { headers: Record<string, string> } };
  /** The id of the error that was caught. */
  caught?: string;
  tell(message: string): void;
  finish(): Promise<string | undefined>;
}
